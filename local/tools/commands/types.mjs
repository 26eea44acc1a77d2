/** `npm run types`: regenerates the committed files. */
import { writeFileSync } from 'node:fs';
import {
  databaseTypes,
  errorsFile,
  errorsMigration,
  errorsPage,
  errorsSql,
  openapi,
  openapiFile,
  typesFile,
} from '../checks/generated.mjs';

/** From the catalogue of errors docs/errors.md and a migration, from the migrations the database types, and from both and the contracts docs/openapi.json. */
export default async function types() {
  writeFileSync(errorsMigration, await errorsSql());
  writeFileSync(typesFile, await databaseTypes());
  writeFileSync(errorsFile, await errorsPage());
  writeFileSync(openapiFile, await openapi());
}

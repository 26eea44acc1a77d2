/** `npm run types`: writes the generated files anew. */
import { writeFileSync } from 'node:fs';
import { databaseTypes, errorsFile, errorsPage, typesFile } from '../checks/generated.mjs';

/** Database types from the migrations, docs/errors.md from the catalogue of errors. */
export default async function types() {
  writeFileSync(typesFile, await databaseTypes());
  writeFileSync(errorsFile, await errorsPage());
}

// Prints the migration that fills private.error_catalogue.
import { catalogue } from './errors.ts';

const INTRO = `-- Error codes: the message and solution of each, which private.refuse raises with the code.
-- Generated from supabase/functions/_shared/http/errors.ts by \`npm run types\`; do not edit it.

insert into private.error_catalogue (code, message, solution) values`;

const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;

const rows = Object.entries(catalogue)
  .map(([code, { message, solution }]) => `  (${literal(code)}, ${literal(message)},\n    ${literal(solution)})`);

console.log(`${INTRO}\n${rows.join(',\n')};`);

import { csvFile, type Row, writeCsv } from '../_shared/files/csv_out.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

const COLUMNS = ['row', 'line', 'outcome', 'column', 'problem'];

export default {
  fetch: serve(contract, async ({ importId, outcome = null, afterRow = null }, context) => {
    const { result } = await context.rpc<{ kind: string; rows: Row[] }>('export_import_rows', {
      import_id: importId,
      outcome,
      after_row: afterRow,
      ...requestOf(context),
    });
    context.log('[IMPORTS] Exported', { importId, rows: result.rows.length });
    return csvFile(`${result.kind}_rows.csv`, writeCsv(COLUMNS, result.rows));
  }),
};

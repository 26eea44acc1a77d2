import { csvFile, type Row, writeCsv } from '../_shared/files/csv_out.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(
    contract,
    async ({ report, clientId = null, from = null, to = null }, context) => {
      const { result } = await context.rpc<{ columns: string[]; rows: Row[] }>('export_report', {
        report,
        client_id: clientId,
        from_day: from,
        to_day: to,
        ...requestOf(context),
      });
      context.log('[REPORTS] Exported', { report, clientId, from, to, rows: result.rows.length });
      return csvFile(`${[report, from, to].filter(Boolean).join('_')}.csv`, writeCsv(result.columns, result.rows));
    },
  ),
};

import { z } from 'zod';
import { csvFile, type Row, writeCsv } from '../_shared/files/csv_out.ts';
import { day, uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { REPORTS } from './reports.ts';

const body = z.strictObject({
  report: z.enum(REPORTS),
  clientId: uuid.nullish(),
  from: day.nullish(),
  to: day.nullish(),
  format: z.literal('csv').default('csv'),
});

/** Answers with a report as a CSV file, for an admin or a trusted server; `to` is the first day that does not count. */
export default {
  fetch: serve(
    { auth: ['user', 'secret'], tag: 'REPORTS' },
    async (request, context) => {
      const { report, clientId = null, from = null, to = null } = await readJson(request, body);
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

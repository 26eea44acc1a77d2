import { z } from 'zod';
import { csvFile, writeCsv } from '../_shared/files/csv_out.ts';
import { uuid } from '../_shared/http/fields.ts';
import { readJson, requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { COLUMNS, rowsOf, type Statement } from './rows.ts';

const schema = z.strictObject({
  clientId: uuid.nullish(),
  agencyId: uuid.nullish(),
  month: z.string().regex(/^2\d{3}-(0[1-9]|1[0-2])$/, 'must be a month such as 2026-01'),
  format: z.enum(['json', 'csv'], 'must be "json" or "csv"').nullish(),
}).refine(({ clientId, agencyId }) => !clientId !== !agencyId, 'must name a clientId or an agencyId');

/** What a client or an agency was billed in a month, as JSON or as a CSV file, for its admins or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'BILLING', family: 'GC' }, async (request, context) => {
    const { clientId = null, agencyId = null, month, format } = await readJson(request, schema);
    const { result } = await context.rpc<Statement>('get_billing_statement', {
      client_id: clientId,
      agency_id: agencyId,
      month: `${month}-01`,
      ...requestOf(context),
    });
    const wantsFile = format === 'csv' || (!format && request.headers.get('accept')?.includes('text/csv'));
    return wantsFile ? csvFile(`statement_${month}.csv`, writeCsv(COLUMNS, rowsOf(result))) : { ...result };
  }),
};

import { csvFile, writeCsv } from '../_shared/files/csv_out.ts';
import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';
import { COLUMNS, rowsOf } from './rows.ts';

export default {
  fetch: serve(contract, async ({ clientId = null, agencyId = null, month, format }, context, request) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('get_billing_statement', {
      client_id: clientId,
      agency_id: agencyId,
      month: `${month}-01`,
      ...requestOf(context),
    });
    const wantsFile = format === 'csv' || (!format && request.headers.get('accept')?.includes('text/csv'));
    return wantsFile ? csvFile(`statement_${month}.csv`, writeCsv(COLUMNS, rowsOf(result))) : result;
  }),
};

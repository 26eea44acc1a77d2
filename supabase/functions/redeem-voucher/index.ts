import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (body, context) => {
    const { result, replayed } = await context.rpc<AnswerOf<typeof contract>>('redeem_voucher', {
      code: body.code,
      client_id: body.clientId ?? null,
      package_id: body.packageId ?? null,
      ...requestOf(context, 'redeem-voucher', body),
    });
    const { redemptionId, voucherId, benefit } = result;
    context.log('[VOUCHER] Redeemed', { redemptionId, voucherId, type: benefit.type, replayed });
    // The next round of deliveries sends the notice, so that the answer does not wait for an e-mail.
    return result;
  }),
};

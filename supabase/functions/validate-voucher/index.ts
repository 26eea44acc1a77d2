import type { AnswerOf } from '../_shared/http/contract.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ code, clientId, packageId }, context) => {
    const { result } = await context.rpc<AnswerOf<typeof contract>>('validate_voucher', {
      code,
      client_id: clientId ?? null,
      package_id: packageId ?? null,
      ...requestOf(context),
    });
    context.log('[VOUCHER] Validated', { valid: result.valid });
    return result;
  }),
};

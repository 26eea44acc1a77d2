import { z } from 'zod';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({ code: text(64), clientId: uuid.nullish(), packageId: uuid.nullish() });

/** Tells a customer whether he could redeem a voucher now, rule by rule, without redeeming it. */
export default {
  fetch: serve({ auth: 'user', tag: 'VOUCHER' }, async (request, context) => {
    const { code, clientId, packageId } = await readJson(request, schema);
    const { result } = await context.rpc('validate_voucher', {
      actor: context.actor,
      code,
      client_id: clientId ?? null,
      package_id: packageId ?? null,
      ip: context.ip,
      request_id: context.requestId,
    });
    context.log('[VOUCHER] Validated', { valid: result.valid });
    return result;
  }),
};

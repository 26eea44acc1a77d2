import { z } from 'zod';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({ code: text(64), clientId: uuid.nullish(), packageId: uuid.nullish() });

interface Redeemed {
  redemptionId: string;
  voucherId: string;
  benefit: { type: string };
}

/** Turns a customer's voucher into what it brings, once, and tells his new balance. */
export default {
  fetch: serve({ auth: 'user', tag: 'VOUCHER' }, async (request, context) => {
    const body = await readJson(request, schema);
    const { result, replayed } = await context.rpc<Redeemed>('redeem_voucher', {
      actor: context.actor,
      code: body.code,
      client_id: body.clientId ?? null,
      package_id: body.packageId ?? null,
      ip: context.ip,
      ...requestArgs(context, 'redeem-voucher', body),
    });
    const { redemptionId, voucherId, benefit } = result;
    context.log('[VOUCHER] Redeemed', { redemptionId, voucherId, type: benefit.type, replayed });
    // The next round of deliveries sends the notice: a customer who waits for his balance waits for nobody's mail.
    return { ...result };
  }),
};

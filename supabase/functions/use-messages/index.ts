import { z } from 'zod';
import { badRequest } from '../_shared/http/errors.ts';
import { text, uuid } from '../_shared/http/fields.ts';
import { readJson, requestArgs } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({
  clientId: uuid,
  customerId: uuid.nullish(),
  howMany: z.int('must be a whole number').min(1, 'must be at least 1').max(1_000_000, 'must be at most 1000000')
    .default(1),
  description: text(500).nullish(),
});

/** Uses messages of a customer's packages, the oldest first; he himself, his client's staff or a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'MESSAGES' }, async (request, context) => {
    const wish = await readJson(request, body);
    const customer = wish.customerId ?? context.actor;
    if (customer === null) throw badRequest({ field: 'customerId', problem: 'is required' });
    const { result } = await context.rpc('use_messages', {
      actor: context.actor,
      client_id: wish.clientId,
      customer_id: customer,
      how_many: wish.howMany,
      description: wish.description ?? null,
      ...requestArgs(context, 'use-messages', wish),
    });
    return result;
  }),
};

import type { AnswerOf } from '../_shared/http/contract.ts';
import { badRequest } from '../_shared/http/errors.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async (wish, context) => {
    const customer = wish.customerId ?? context.actor;
    if (customer === null) throw badRequest({ field: 'customerId', problem: 'is required' });
    const { result } = await context.rpc<AnswerOf<typeof contract>>('use_messages', {
      client_id: wish.clientId,
      customer_id: customer,
      how_many: wish.howMany,
      description: wish.description ?? null,
      ...requestOf(context, 'use-messages', wish),
    });
    return result;
  }),
};

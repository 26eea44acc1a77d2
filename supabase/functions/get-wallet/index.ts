import type { AnswerOf } from '../_shared/http/contract.ts';
import { badRequest } from '../_shared/http/errors.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ customerId }, context) => {
    const customer = customerId ?? context.actor;
    if (customer === null) throw badRequest({ field: 'customerId', problem: 'is required' });
    const args = { customer_id: customer, ...requestOf(context) };
    return (await context.rpc<AnswerOf<typeof contract>>('get_wallet', args)).result;
  }),
};

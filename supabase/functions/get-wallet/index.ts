import type { AnswerOf } from '../_shared/http/contract.ts';
import { badRequest } from '../_shared/http/errors.ts';
import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

export default {
  fetch: serve(contract, async ({ customerId }, { actor, rpc }) => {
    const customer = customerId ?? actor;
    if (customer === null) throw badRequest({ field: 'customerId', problem: 'is required' });
    return (await rpc<AnswerOf<typeof contract>>('get_wallet', { actor, customer_id: customer })).result;
  }),
};

import { z } from 'zod';
import { badRequest } from '../_shared/http/errors.ts';
import { uuid } from '../_shared/http/fields.ts';
import { readJson } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const schema = z.strictObject({ customerId: uuid.nullish() });

/** Tells what a customer has: to himself, to an admin of his client, or to a trusted server. */
export default {
  fetch: serve({ auth: ['user', 'secret'], tag: 'WALLET' }, async (request, { actor, rpc }) => {
    const { customerId } = await readJson(request, schema);
    const customer = customerId ?? actor;
    if (customer === null) throw badRequest({ field: 'customerId', problem: 'is required' });
    return (await rpc('get_wallet', { actor, customer_id: customer })).result;
  }),
};

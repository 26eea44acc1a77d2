import { z } from 'zod';
import { readJson } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';

const body = z.strictObject({ show: z.literal('addresses', 'must be "addresses"') });

// Headers in which proxies pass on the address of the client; no other header is shown.
const ADDRESS_HEADERS = [
  'cf-connecting-ip',
  'true-client-ip',
  'x-real-ip',
  'x-forwarded-for',
  'x-envoy-external-address',
  'forwarded',
];

/** Returns the address of the call to a trusted server, as limits and audit events see it, and the headers of proxies. */
export default {
  fetch: serve({ auth: 'secret', tag: 'CHECK' }, async (request, { ip }) => {
    await readJson(request, body);
    const headers = Object.fromEntries(ADDRESS_HEADERS.map((name) => [name, request.headers.get(name)]));
    return { ip, clientIpHeader: Deno.env.get('CLIENT_IP_HEADER') || null, headers };
  }),
};

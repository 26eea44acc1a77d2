import { serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

// Headers in which proxies pass on the address of the client; no other header is shown.
const ADDRESS_HEADERS = [
  'cf-connecting-ip',
  'true-client-ip',
  'x-real-ip',
  'x-forwarded-for',
  'x-envoy-external-address',
  'forwarded',
];

export default {
  fetch: serve(contract, (_body, { ip }, request) => {
    const headers = Object.fromEntries(ADDRESS_HEADERS.map((name) => [name, request.headers.get(name)]));
    return { ip, clientIpHeader: Deno.env.get('CLIENT_IP_HEADER') || null, headers };
  }),
};

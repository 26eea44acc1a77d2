import { z } from 'zod';
import { defineContract } from '../_shared/http/contract.ts';

/** Returns the address of the call to a trusted server, as limits and audit events see it, and the headers of proxies. */
export const contract = defineContract({
  name: 'check-request',
  summary: 'Returns the address of the call, as limits see it, and the headers of proxies',
  auth: 'secret',
  tag: 'CHECK',
  request: z.strictObject({ show: z.literal('addresses', 'must be "addresses"') }),
  answer: z.strictObject({
    ip: z.string(),
    clientIpHeader: z.string().nullable(),
    headers: z.record(z.string(), z.string().nullable()),
  }),
  codes: [],
  example: {
    request: { show: 'addresses' },
    answer: {
      ip: '203.0.113.7',
      clientIpHeader: null,
      headers: {
        'cf-connecting-ip': null,
        'true-client-ip': null,
        'x-real-ip': null,
        'x-forwarded-for': '203.0.113.7',
        'x-envoy-external-address': null,
        'forwarded': null,
      },
    },
  },
});

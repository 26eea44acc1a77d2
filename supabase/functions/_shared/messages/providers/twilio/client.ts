import base from 'twilio/lib/base/BaseTwilio.js';
import domain from 'twilio/lib/base/Domain.js';
import version from 'twilio/lib/base/Version.js';
import { MessageListInstance } from 'twilio/lib/rest/api/v2010/account/message.js';
import { TIMEOUT_MS } from '../../../http/network.ts';

// Asked for is a class that brings all other resources of the API along; this one resource needs no more than its base.
type Api = Parameters<typeof MessageListInstance>[0];

/**
 * The Messages resource of Twilio's own client at any base URL.
 * The whole package is 3.7 MB of the 5 MB a function may have; its client with this one resource is a tenth of that.
 */
export function openMessages(accountSid: string, authToken: string, baseUrl: string): MessageListInstance {
  // When a kept-alive connection breaks, the runtime repeats the request by itself, which would send an unrecorded second SMS.
  const client = new base.Client(accountSid, authToken, { timeout: TIMEOUT_MS, keepAlive: false });
  const api = new version.default(new domain.default(client, baseUrl), '2010-04-01') as Api;
  return MessageListInstance(api, accountSid);
}

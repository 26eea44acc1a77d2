import { CRMS } from '../_shared/crm/open.ts';
import { type Processed, processNew, type Stored } from '../_shared/crm/process.ts';
import { toBeSentAgain } from '../_shared/crm/retry.ts';
import { badSignature } from '../_shared/http/errors.ts';
import { uuid } from '../_shared/http/fields.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { functionsUrl } from '../_shared/http/public_url.ts';
import { type Context, serve } from '../_shared/http/serve.ts';
import { contract } from './contract.ts';

interface Endpoint {
  id: string;
  kind: string;
  keys: string[];
}

export default { fetch: serve(contract, (...call) => take(...call).catch(toBeSentAgain)) };

async function take(
  body: Uint8Array<ArrayBuffer>,
  context: Context,
  request: Request,
): Promise<{ events: Processed[] }> {
  const { pathname, search } = new URL(request.url);
  const endpointId = uuid.safeParse(pathname.split('/').at(-1)).data ?? null;
  const { result: endpoint } = await context.rpc<Endpoint | null>('get_crm_endpoint', { endpoint_id: endpointId });
  const { method, headers } = request;
  const call = { method, url: functionsUrl(`crm-webhook/${endpointId}${search}`), headers, body };
  // An unknown endpoint gets the same error as a wrong signature.
  if (!endpoint || !await CRMS[endpoint.kind].isGenuine(call, endpoint.keys)) {
    throw badSignature('Not signed for this endpoint, or too long ago');
  }
  const events = CRMS[endpoint.kind].read(call);
  const args = { endpoint_id: endpoint.id, events, ...requestOf(context) };
  const { result } = await context.rpc<{ events: Stored[] }>('record_crm_events', args);
  return { events: await processNew(context, result.events) };
}

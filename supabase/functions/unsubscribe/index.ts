import type { AnswerOf } from '../_shared/http/contract.ts';
import { Refusal } from '../_shared/http/errors.ts';
import { requestOf } from '../_shared/http/parse.ts';
import { serve } from '../_shared/http/serve.ts';
import { deliveryIn } from '../_shared/messages/unsubscribe_link.ts';
import { contract } from './contract.ts';

// Plain text, because hosted projects serve no HTML. Mail scanners follow links: a GET changes nothing.
const HELP =
  'To unsubscribe, use the "unsubscribe" button of your mail program, or send a POST request to this address.\n' +
  'To subscribe again, send a POST request to this address with "&action=resubscribe" at its end.\n';

const unsubscribe = serve(contract, async (_body, context, request) => {
  const query = new URL(request.url).searchParams;
  const action = query.get('action') === 'resubscribe' ? 'resubscribe' : 'unsubscribe';
  const deliveryId = deliveryIn(query.get('token') ?? '');
  if (!deliveryId) throw new Refusal('RB-404');
  const args = { delivery_id: deliveryId, action, ...requestOf(context) };
  const { result } = await context.rpc<AnswerOf<typeof contract>>('unsubscribe_email', args);
  context.log('[UNSUBSCRIBE] E-mail', { deliveryId, status: result.status });
  return result;
});

export default {
  fetch: (request: Request): Response | Promise<Response> =>
    request.method === 'GET' || request.method === 'HEAD'
      ? new Response(request.method === 'GET' ? HELP : null, {
        headers: { 'content-type': 'text/plain; charset=utf-8' },
      })
      : unsubscribe(request),
};

import { timeOut } from './faults.ts';
import type { StandIn, World } from './provider.ts';

/** A client's system that accepts webhooks at `/webhooks/<name>` and stores the calls with their signatures. */
export function webhooks({ store, faults }: World): StandIn {
  return {
    prefix: '/webhooks/',
    async answer(request) {
      const to = decodeURIComponent(new URL(request.url).pathname.slice('/webhooks/'.length));
      if (request.method !== 'POST' || !to) return new Response(null, { status: 404 });
      const fault = faults.take('webhook', to);
      timeOut(fault, 'before');
      const body = await request.text();
      const status = Number(fault?.kind) || 200;
      store.add({
        provider: 'webhook',
        // the same message may come again, and is then here twice
        sid: crypto.randomUUID(),
        to,
        from: 'rewardbase',
        body,
        at: new Date().toISOString(),
        sentAt: new Date().toISOString(),
        status: String(status),
        errorCode: null,
        tags: Object.fromEntries(request.headers),
      });
      timeOut(fault, 'after');
      const headers: HeadersInit = status >= 300 && status < 400
        ? { location: `${new URL(request.url).origin}/webhooks/elsewhere` }
        : {};
      return new Response(null, { status, headers });
    },
  };
}

import type { StandIn } from './provider.ts';
import type { Books } from './tillo_books.ts';

/** Control endpoints for tests: the sales of an account, the brands that it offers, and its balance. */
export function tilloControl(books: Books[]): StandIn {
  return {
    prefix: '/_suppliers/',
    async answer(request) {
      const { pathname, searchParams } = new URL(request.url);
      const [, , account, thing] = pathname.split('/');
      const own = books.find((one) => one.account === account);
      const body = request.method === 'POST' ? await request.json().catch(() => null) : null;
      return (own && answerTo(own, `${request.method} ${thing}`, searchParams.get('brand'), body)) ??
        Response.json({ error: 'not found' }, { status: 404 });
    },
  };
}

// deno-lint-ignore no-explicit-any
function answerTo(books: Books, call: string, brand: string | null, body: any): Response | null {
  switch (call) {
    case 'GET cards':
      return Response.json([...books.sales.values()].filter((sale) => !brand || sale.brand === brand));
    case 'GET floats':
      return Response.json(Object.fromEntries([...books.floats].map(([name, cents]) => [name, cents / 100])));
    case 'POST floats':
      books.putFloat(String(body.currency), Math.round(Number(body.amount) * 100));
      return new Response(null, { status: 204 });
    case 'POST brands':
      return Response.json(books.putBrand(body), { status: 201 });
    case 'POST backdate': {
      const sale = books.sales.get(String(body.clientRequestId));
      if (sale) books.backdate(sale, Number(body.hours));
      return sale ? new Response(null, { status: 204 }) : null;
    }
    default:
      return null;
  }
}

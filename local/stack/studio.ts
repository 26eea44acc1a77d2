/**
 * Lets one person use lite's Studio: the one who opens the address that `npm start` printed. Lite itself trusts everyone on
 * this machine, with the rights of a secret key.
 */

const types: Record<string, string> = {
  css: 'text/css',
  ico: 'image/x-icon',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** Whether a request comes from the person with the printed address. */
export function isStudioUser(request: Request, token: string): boolean {
  const cookies = request.headers.get('cookie')?.split('; ') ?? [];
  return cookies.includes(cookieOf(request, token));
}

/** Cookies do not tell ports apart, and several stacks may run. */
function cookieOf(request: Request, token: string): string {
  return `studio_${new URL(request.url).port}=${token}`;
}

/** The answer to the printed address: a cookie and the way to Studio; null for other requests. */
export function enterStudio(request: Request, token: string): Response | null {
  const { pathname, searchParams } = new URL(request.url);
  if (pathname !== '/' || searchParams.get('studio') !== token) return null;
  const cookie = `${cookieOf(request, token)}; HttpOnly; SameSite=Strict; Path=/`;
  return new Response(null, { status: 302, headers: { 'location': '/', 'set-cookie': cookie } });
}

/** A file of Studio, which lite leaves to the embedding server; null when the path is none. */
export function studioFile(pathname: string, root: URL): Response | null {
  if (!pathname.startsWith('/static/') || pathname.includes('..')) return null;
  try {
    const file = Deno.readFileSync(new URL(`node_modules/@supabase/lite/dist${pathname}`, root));
    const type = types[pathname.split('.').pop()!] ?? 'application/octet-stream';
    return new Response(file, { headers: { 'content-type': type } });
  } catch {
    return new Response(null, { status: 404 });
  }
}

/** Studio lists the tables of this answer only: each view of the API becomes one, so that it can be opened as well. */
export async function listViews(response: Response): Promise<Response> {
  const schema = await response.json();
  const views = schema.views.filter((view: { schema: string }) => view.schema === 'public')
    .map(({ name, schema }: { name: string; schema: string }) => ({ ...emptyTable, name, schema }));
  return Response.json({ ...schema, tables: [...schema.tables, ...views] });
}

const emptyTable = { type: 'table', rows: 0, sql: '', engine: '', collation: '' };

/** Serves the files of lite's Studio, which lite leaves to whoever embeds it. */

const types: Record<string, string> = {
  css: 'text/css',
  ico: 'image/x-icon',
  js: 'text/javascript',
  svg: 'image/svg+xml',
  woff2: 'font/woff2',
};

/** A file of Studio, or null when the path is none. */
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

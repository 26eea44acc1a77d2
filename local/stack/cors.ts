/** CORS as the gateway of hosted Supabase answers it for REST and Auth; functions answer their own. */

const HEADERS = Object.entries({
  'access-control-allow-origin': '*',
  'access-control-expose-headers':
    'content-encoding, content-location, content-range, content-type, date, location, server, x-total-count, link',
});

/** The answer to a preflight request, or null when the request is none. */
export function preflight(request: Request): Response | null {
  if (request.method !== 'OPTIONS' || !request.headers.has('access-control-request-method')) return null;
  const headers = new Headers(HEADERS);
  headers.set('access-control-allow-methods', 'GET, HEAD, PUT, PATCH, POST, DELETE, OPTIONS');
  // Any requested header is allowed, so that new headers of client libraries work.
  headers.set('access-control-allow-headers', request.headers.get('access-control-request-headers') ?? '*');
  headers.set('access-control-max-age', '86400');
  return new Response(null, { status: 204, headers });
}

/** The same answer, readable by pages of other origins. */
export function allowOrigins(response: Response): Response {
  const headers = new Headers(response.headers);
  for (const [name, value] of HEADERS) headers.set(name, value);
  headers.delete('access-control-allow-credentials'); // not together with the wildcard
  return new Response(response.body, { status: response.status, headers });
}

/**
 * The request without a token that is no user's, where a secret key came along. Gateways put tokens of their own into
 * `Authorization`: the platform's one of the role `service_role` or `anon`, a company's one of its own issuer. They say nothing about
 * a user of ours, so the credential that fits is the key. A token that may be a user's stays, and is refused if it is bad.
 */
export function withoutForeignToken(request: Request): Request {
  const token = /^Bearer (.+)$/.exec(request.headers.get('authorization') ?? '')?.[1];
  const isServer = request.headers.get('apikey')?.startsWith('sb_secret_');
  if (!isServer || !token || !isForeign(token)) return request;
  const headers = new Headers(request.headers);
  headers.delete('authorization');
  return new Request(request.url, { headers });
}

function isForeign(token: string): boolean {
  const [header, claims] = token.split('.').map(decoded);
  if (!header || !claims) return false;
  if (claims.sub === undefined && (claims.role === 'service_role' || claims.role === 'anon')) return true;
  return typeof claims.iss === 'string' && claims.iss !== `${Deno.env.get('SUPABASE_URL')}/auth/v1` &&
    !ourKeys().includes(header.kid);
}

function decoded(part: string): Record<string, unknown> | undefined {
  try {
    const value = JSON.parse(atob(part.replaceAll('-', '+').replaceAll('_', '/')));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

// A project with a domain of its own may name it as the issuer: the key that signed tells its tokens from foreign ones.
function ourKeys(): unknown[] {
  const { keys = [] } = JSON.parse(Deno.env.get('SUPABASE_JWKS') || '{}');
  return (keys as { kid?: unknown }[]).map(({ kid }) => kid);
}

/** Serves the description of the API at /docs: docs/openapi.json, and Swagger UI from node_modules, so that it works offline. */

const VIEWER = 'node_modules/swagger-ui-dist/';

const FILES: Record<string, string> = {
  'swagger-ui.css': 'text/css',
  'swagger-ui-bundle.js': 'text/javascript',
  'favicon-32x32.png': 'image/png',
};

const PAGE = `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Rewardbase API</title>
    <link rel="icon" href="/docs/favicon-32x32.png">
    <link rel="stylesheet" href="/docs/swagger-ui.css">
  </head>
  <body>
    <div id="viewer"></div>
    <script src="/docs/swagger-ui-bundle.js"></script>
    <script src="/docs/start.js"></script>
  </body>
</html>
`;

const START = `SwaggerUIBundle({
  url: '/docs/openapi.json',
  dom_id: '#viewer',
  deepLinking: true,
  docExpansion: 'none',
  filter: true,
  validatorUrl: null,
  persistAuthorization: true,
});
`;

// Nothing is loaded from, or sent to, any other place.
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'";

/** A file of the description; null when the path is none. */
export async function docsFile(pathname: string, root: URL, apiUrl: string): Promise<Response | null> {
  const [, name] = /^\/docs(?:\/([\w.-]*))?$/.exec(pathname) ?? [];
  if (!/^\/docs(\/|$)/.test(pathname)) return null;
  if (!name) return answer(PAGE, 'text/html; charset=utf-8');
  if (name === 'start.js') return answer(START, 'text/javascript');
  if (name === 'openapi.json') return answer(await description(root, apiUrl), 'application/json');
  if (!Object.hasOwn(FILES, name)) return new Response(null, { status: 404 });
  return answer(await Deno.readFile(new URL(VIEWER + name, root)), FILES[name]);
}

/** The description with this stack as the only server, so that its calls can be tried out. */
async function description(root: URL, apiUrl: string): Promise<string> {
  const document = JSON.parse(await Deno.readTextFile(new URL('docs/openapi.json', root)));
  return JSON.stringify({ ...document, servers: [{ url: apiUrl }] });
}

function answer(body: BodyInit, type: string): Response {
  return new Response(body, { headers: { 'content-type': type, 'content-security-policy': POLICY } });
}

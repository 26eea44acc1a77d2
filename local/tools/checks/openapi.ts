/** Prints docs/openapi.json: the edge functions by their contracts, and the entry points that come as JSON by stdin. */
import { z } from 'zod';
import {
  type Contract,
  isJson,
  type RawBody,
  sharedCodes,
  statusOf,
} from '../../../supabase/functions/_shared/http/contract.ts';
import { catalogue, type Code } from '../../../supabase/functions/_shared/http/errors.ts';
import { loadContracts } from './contracts.ts';
import { type EntryPoint, operationOf, rpcError } from './openapi_rpc.ts';

type Json = Record<string, unknown>;

const REQUEST_ID = '0b6c5c7e-6f0e-4c38-9f4e-0c6a2a1f6f10';

/** The document as text. */
export async function openapi(entryPoints: EntryPoint[], version: string): Promise<string> {
  const contracts = [...(await loadContracts()).values()];
  const functions = contracts.map((contract) => [pathOf(contract), { post: functionOperation(contract) }]);
  const rpc = entryPoints.map((entryPoint) => [`/rest/v1/rpc/${entryPoint.name}`, { post: operationOf(entryPoint) }]);
  const document = {
    openapi: '3.1.0',
    info: {
      title: 'Rewardbase',
      version,
      summary: 'The rewards backend for Supabase',
      description: 'Edge functions, and the entry points of the database for admins (called with `supabase.rpc`). ' +
        'Generated from the contracts of the functions and from the database catalog.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [
      { url: 'http://127.0.0.1:54321', description: 'The local stack' },
      { url: 'https://{project}.supabase.co', variables: { project: { default: 'project' } } },
    ],
    tags: [
      { name: 'functions', description: 'Edge functions' },
      { name: 'rpc', description: 'Entry points of the database for admins and servers' },
    ],
    paths: Object.fromEntries([...functions, ...rpc]),
    components: {
      securitySchemes: securitySchemes(contracts),
      parameters: { IdempotencyKey: idempotencyKey },
      headers: {
        RequestId: { description: 'Also in log lines and traces', schema: { type: 'string', format: 'uuid' } },
      },
      schemas: { Error: errorSchema, RpcError: rpcError },
      responses: sharedResponses(contracts),
      examples: Object.fromEntries(usedCodes(contracts).map((code) => [code, exampleOf(code)])),
    },
  };
  return `${JSON.stringify(document, null, 2)}\n`;
}

function pathOf({ name, path }: Contract): string {
  return `/functions/v1/${name}${path ? `/{${path.name}}` : ''}`;
}

function functionOperation(contract: Contract): Json {
  return {
    operationId: contract.name,
    summary: contract.summary,
    tags: ['functions'],
    security: securityOf(contract),
    parameters: parametersOf(contract),
    ...(contract.request === null ? {} : { requestBody: requestBodyOf(contract.request, contract.example.request) }),
    responses: { [statusOf(contract)]: successOf(contract), ...refusalsOf(contract) },
  };
}

function securityOf({ auth, token, signatures = [], query }: Contract): Json[] {
  const modes = [auth].flat().filter((mode) => mode !== 'none').map((mode) => SCHEMES[mode.split(':')[0]]);
  const names = [...modes, ...(token ? [token.header] : []), ...signatures];
  if (names.length === 0 && query?.token) names.push('linkToken');
  return names.map((name) => ({ [name]: [] }));
}

const SCHEMES: Record<string, string> = { user: 'userToken', publishable: 'publishableKey', secret: 'secretKey' };

function securitySchemes(contracts: Contract[]): Json {
  const header = (name: string, description: string) => ({ type: 'apiKey', in: 'header', name, description });
  const signatures = [...new Set(contracts.flatMap(({ signatures = [] }) => signatures))];
  const tokens = contracts.flatMap(({ token }) => token ? [token] : []);
  return {
    userToken: { type: 'http', scheme: 'bearer', bearerFormat: 'JWT', description: "A signed-in user's access token" },
    publishableKey: header('apikey', 'The publishable key (sb_publishable_…)'),
    secretKey: header('apikey', 'A secret key (sb_secret_…); for the function `jobs` the one named jobs'),
    ...Object.fromEntries(tokens.map((token) => [token.header, header(token.header, `The secret ${token.secret}`)])),
    ...Object.fromEntries(signatures.map((name) => [name, header(name, 'A signature of the body by its sender')])),
    linkToken: { type: 'apiKey', in: 'query', name: 'token', description: 'The signed token of a link' },
  };
}

const idempotencyKey = {
  name: 'Idempotency-Key',
  in: 'header',
  description: 'The same key and body: the stored answer. The same key and another body: RB-409',
  schema: { type: 'string', minLength: 1, maxLength: 255 },
};

function parametersOf({ isIdempotent, path, query = {}, signatures }: Contract): Json[] {
  const queries = Object.entries(query).filter(([name]) => name !== 'token' || signatures);
  return [
    ...(path ? [{ name: path.name, in: 'path', required: true, schema: schemaOf(path.schema, 'input') }] : []),
    ...queries.map(([name, schema]) => ({
      name,
      in: 'query',
      required: !schema.safeParse(undefined).success,
      schema: schemaOf(schema, 'input'),
    })),
    ...(isIdempotent ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ];
}

function requestBodyOf(body: z.ZodType | RawBody, example: unknown): Json {
  const content = isJson(body) ? { 'application/json': body } : body.content;
  const types = Object.entries(content).map(([type, schema]) => {
    const isShown = typeof example !== 'string' && /json|form-urlencoded/.test(type);
    return [type, { schema: schemaOf(schema, 'input'), ...(isShown ? { example } : {}) }];
  });
  return { required: !isJson(body) || !body.safeParse({}).success, content: Object.fromEntries(types) };
}

function successOf(contract: Contract): Json {
  const { answer, file, example } = contract;
  const headers = { 'x-request-id': { $ref: '#/components/headers/RequestId' } };
  if (statusOf(contract) === 204) return { description: 'Taken', headers };
  const content: Json = {};
  if (answer) {
    const resource = { ...example.answer as Json, requestId: REQUEST_ID };
    content['application/json'] = { schema: withRequestId(schemaOf(answer, 'output')), example: resource };
  }
  if (file) {
    const text = typeof example.answer === 'string' ? { example: example.answer } : {};
    content[file] = { schema: { type: 'string' }, ...text };
  }
  return { description: 'Success', headers, content };
}

/** `serve` adds the requestId to each kind of answer. */
function withRequestId(schema: Json): Json {
  if (Array.isArray(schema.anyOf)) return { ...schema, anyOf: schema.anyOf.map(withRequestId) };
  const { properties, required } = schema as { properties: Json; required?: string[] };
  return {
    ...schema,
    properties: { ...properties, requestId: { type: 'string', format: 'uuid' } },
    required: [...required ?? [], 'requestId'],
  };
}

function codesOf(contract: Contract): Code[] {
  return [...new Set([...contract.codes, ...sharedCodes(contract)])].sort();
}

function usedCodes(contracts: Contract[]): Code[] {
  return [...new Set(contracts.flatMap(codesOf))].sort();
}

/** One response for each status, with the codes that it may have. */
function refusalsOf(contract: Contract): Json {
  const responses = codesByStatus(contract).map(([status, codes]) => {
    const response = isShared(codes) ? { $ref: `#/components/responses/${nameOf(codes)}` } : refusal(codes);
    return [status, response];
  });
  return Object.fromEntries(responses);
}

function codesByStatus(contract: Contract): [number, Code[]][] {
  return [...Map.groupBy(codesOf(contract), (code) => catalogue[code].status)];
}

// Most functions have these in common, and few the others.
const isShared = (codes: Code[]) => codes.length <= 2;

const nameOf = (codes: Code[]) => codes.join('_');

function sharedResponses(contracts: Contract[]): Json {
  const shared = contracts.flatMap(codesByStatus).map(([, codes]) => codes).filter(isShared);
  return Object.fromEntries(shared.map((codes) => [nameOf(codes), refusal(codes)]).sort());
}

function refusal(codes: Code[]): Json {
  const code = { type: 'string', enum: codes };
  const own = { type: 'object', properties: { error: { type: 'object', properties: { code } } } };
  return {
    description: codes.map((code) => `${code}: ${catalogue[code].message}`).join('\n\n'),
    content: {
      'application/json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Error' }, own] },
        examples: Object.fromEntries(codes.map((code) => [code, { $ref: `#/components/examples/${code}` }])),
      },
    },
  };
}

function exampleOf(code: Code): Json {
  const { message, solution } = catalogue[code];
  return { summary: message, value: { error: { code, message, solution, requestId: REQUEST_ID } } };
}

const errorSchema = {
  type: 'object',
  description: 'A refusal; some codes carry more (docs/errors.md)',
  properties: {
    error: {
      type: 'object',
      properties: {
        code: { type: 'string' },
        message: { type: 'string' },
        solution: { type: 'string', description: 'What to do next' },
        requestId: { type: 'string', format: 'uuid' },
        fields: {
          type: 'array',
          description: 'What is wrong with each field of a bad request',
          items: {
            type: 'object',
            properties: { field: { type: 'string' }, problem: { type: 'string' } },
            required: ['field', 'problem'],
          },
        },
        retryAfter: { type: 'integer', description: 'Seconds to wait, with RB-429' },
      },
      required: ['code', 'message', 'solution', 'requestId'],
    },
  },
  required: ['error'],
};

function schemaOf(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // The pattern of a format says no more than its name, and the limits of safe integers are those of JSON.
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      // A client must not break when an answer gains a field.
      if (io === 'output' && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  return rest;
}

if (import.meta.main) {
  const { entryPoints, version } = JSON.parse(await new Response(Deno.stdin.readable).text());
  await Deno.stdout.write(new TextEncoder().encode(await openapi(entryPoints, version)));
}

/** Describes the entry points of the database as PostgREST serves them. */

/** An argument, or a column of a result, as the database catalog has it. */
interface Field {
  name: string;
  type: string;
  isOptional?: boolean;
}

/** A public function that `authenticated` may execute. */
export interface EntryPoint {
  name: string;
  comment: string | null;
  args: Field[];
  /** The type of its result; of a set of rows, their columns. */
  result: string;
  isSet: boolean;
  columns: Field[];
}

type Json = Record<string, unknown>;

/** The operation of an entry point. */
export function operationOf({ name, comment, args, result, isSet, columns }: EntryPoint): Json {
  const required = args.filter(({ isOptional }) => !isOptional).map(({ name }) => name);
  const body = { type: 'object', properties: propertiesOf(args), required, additionalProperties: false };
  const summary = (comment ?? name).split(/(?<=[^.]{3}[.:;])\s/)[0].replace(/[.:;]$/, '');
  return {
    operationId: name,
    summary,
    ...(comment ? { description: comment } : {}),
    tags: ['rpc'],
    security: [{ userToken: [], publishableKey: [] }, { secretKey: [] }],
    ...(args.length > 0 ? { requestBody: requestBody(body, required.length > 0) } : {}),
    responses: {
      ...successOf(result, isSet, columns),
      '4XX': {
        description: 'A refusal: `code` is the code of the catalogue without its dash',
        content: { 'application/json': { schema: { $ref: '#/components/schemas/RpcError' } } },
      },
    },
  };
}

function requestBody(schema: Json, required: boolean): Json {
  return { required, content: { 'application/json': { schema } } };
}

function successOf(result: string, isSet: boolean, columns: Field[]): Json {
  if (result === 'void') return { 204: { description: 'Done' } };
  const row = columns.length > 0 ? { type: 'object', properties: propertiesOf(columns) } : schemaOf(result);
  const schema = isSet ? { type: 'array', items: row } : row;
  return { 200: { description: 'Success', content: { 'application/json': { schema } } } };
}

function propertiesOf(fields: Field[]): Json {
  return Object.fromEntries(fields.map(({ name, type }) => [name, orNull(schemaOf(type))]));
}

function orNull(schema: Json): Json {
  return 'type' in schema ? { ...schema, type: [schema.type, 'null'] } : schema;
}

const TYPES: Record<string, Json> = {
  'boolean': { type: 'boolean' },
  'integer': { type: 'integer' },
  'smallint': { type: 'integer' },
  'bigint': { type: 'integer' },
  'numeric': { type: 'number' },
  'double precision': { type: 'number' },
  'uuid': { type: 'string', format: 'uuid' },
  'date': { type: 'string', format: 'date' },
  'timestamp with time zone': { type: 'string', format: 'date-time' },
  'json': {},
  'jsonb': {},
};

function schemaOf(type: string): Json {
  if (type.endsWith('[]')) return { type: 'array', items: schemaOf(type.slice(0, -2)) };
  return TYPES[type.replace(/\(.*\)$/, '')] ?? { type: 'string' };
}

/** An error as PostgREST writes it. */
export const rpcError = {
  type: 'object',
  description: 'An error of PostgREST; `JSON.parse(details).code` is the code as docs/errors.md writes it',
  properties: {
    code: { type: 'string', description: 'Such as GC006 for GC-006' },
    message: { type: 'string' },
    details: { type: ['string', 'null'], description: 'JSON with the code and what it carries' },
    hint: { type: ['string', 'null'], description: 'What to do next' },
  },
  required: ['code', 'message'],
};

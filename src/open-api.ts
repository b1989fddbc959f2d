import type { INestApplication } from '@nestjs/common';
import { DocumentBuilder, type OpenAPIObject, SwaggerModule } from '@nestjs/swagger';

type Operation = NonNullable<OpenAPIObject['paths'][string]['get']>;
type Schemas = NonNullable<NonNullable<OpenAPIObject['components']>['schemas']>;

/** One status of an error answer, and which operations can give it. */
interface ErrorAnswer {
  readonly status: string;
  readonly description: string;
  readonly isOf: (operation: Operation, method: string) => boolean;
}

const METHODS = ['get', 'post', 'put', 'patch', 'delete'] as const;
const ERROR = 'ErrorBody';
const changes = (method: string): boolean => method !== 'get';
const isGuarded = ({ security }: Operation): boolean => (security?.length ?? 0) > 0;
const namesSomething = ({ parameters = [], requestBody }: Operation): boolean => parameters.length > 0 || requestBody !== undefined;
const hasPathParameter = ({ parameters = [] }: Operation): boolean => parameters.some((parameter) => 'in' in parameter && parameter.in === 'path');

const ERROR_ANSWERS: readonly ErrorAnswer[] = [
  { status: '400', description: 'A field, parameter or header cannot be used; `details.fields` names each.', isOf: namesSomething },
  { status: '401', description: 'No API key, or one that is unknown, revoked or expired.', isOf: isGuarded },
  { status: '403', description: 'The key has not the scope, or the tier not the right.', isOf: isGuarded },
  { status: '404', description: 'The tenant has no such thing.', isOf: (operation, method) => hasPathParameter(operation) || (changes(method) && isGuarded(operation)) },
  { status: '409', description: 'It does not fit with what there is; the message says how to go on.', isOf: (operation, method) => changes(method) && isGuarded(operation) },
  { status: '413', description: 'The body is too large; `details.limitBytes` is the limit.', isOf: ({ requestBody }) => requestBody !== undefined },
  { status: '415', description: 'The body is not sent as JSON.', isOf: ({ requestBody }) => requestBody !== undefined },
  { status: '429', description: 'A limit of the tier is reached; `Retry-After` says when to come again.', isOf: isGuarded },
  { status: '503', description: 'A store is out of reach; `Retry-After` says when to come again.', isOf: isGuarded },
];

const ERROR_SCHEMA = {
  type: 'object',
  required: ['statusCode', 'code', 'message', 'requestId'],
  properties: {
    statusCode: { type: 'integer', description: 'The HTTP status.' },
    code: { type: 'string', description: 'Stable; clients may match on it.', example: 'VALIDATION_FAILED' },
    message: { type: 'string', description: 'One sentence for people: what is wrong and the way out.' },
    details: { type: 'object', additionalProperties: true, description: 'By code; `fields` of VALIDATION_FAILED are `{ field, message }`, `retryAfterMs` is also in `Retry-After`.' },
    requestId: { type: 'string', description: 'As in the header `X-Request-ID` and in the log.' },
  },
};

/** The API's description: what the DTOs say, and with every operation the error answers that it can give. */
export function describeApi(app: INestApplication): OpenAPIObject {
  const document = SwaggerModule.createDocument(app, header());
  document.components = { ...document.components, schemas: { ...withoutNeedless(document.components?.schemas ?? {}), [ERROR]: ERROR_SCHEMA } };
  for (const path of Object.values(document.paths)) {
    for (const method of METHODS) addErrors(path[method], method);
  }
  return document;
}

/** What has a default may be left out; the compiler's plugin takes every field without a question mark for required. */
function withoutNeedless(schemas: Schemas): Schemas {
  const mended = Object.entries(schemas).map(([name, schema]) => {
    if (!('required' in schema)) return [name, schema];
    const required = schema.required?.filter((field) => !('default' in (schema.properties?.[field] ?? {})));
    return [name, { ...schema, required: required?.length === 0 ? undefined : required }];
  });
  return Object.fromEntries(mended) as Schemas;
}

function addErrors(operation: Operation | undefined, method: string): void {
  if (!operation) return;
  const answer = (description: string): object => ({ description, content: { 'application/json': { schema: { $ref: `#/components/schemas/${ERROR}` } } } });
  // What a route says of itself stands.
  const errors = ERROR_ANSWERS.filter(({ status, isOf }) => isOf(operation, method) && !(status in operation.responses));
  Object.assign(operation.responses, Object.fromEntries(errors.map(({ status, description }) => [status, answer(description)])));
}

function header(): ReturnType<DocumentBuilder['build']> {
  return new DocumentBuilder()
    .setTitle('Nooble')
    .setDescription('Agents, their runs and their conversations. Events of a run also come over the WebSocket `/ws`.')
    .setVersion('1')
    // Not addBearerAuth: it adds that the token is a JWT.
    .addSecurity('bearer', { type: 'http', scheme: 'bearer', description: 'An API key, nk_…' })
    .build();
}

import type { IncomingMessage } from 'node:http';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { Logger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { newId } from './contracts/index.js';
import { ServerSettings, type Settings } from './shared/config/index.js';
import { SocketAdapter, logRequests } from './shared/http/index.js';

const REQUEST_ID = /^[A-Za-z0-9._-]{1,128}$/;
const JSON_TYPE = /^application\/json\s*(;|$)/i;
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH']);
/** What a process that only works off queues still answers. */
const WORKER_ROUTES = /^\/(health|metrics)(\/|\?|$)/;

/** The application with everything on its wire and its workers running, not listening yet. */
export async function createApp(settings: Settings): Promise<NestFastifyApplication> {
  const server = settings.get(ServerSettings) as ServerSettings;
  const adapter = new FastifyAdapter({
    bodyLimit: server.bodyLimitBytes,
    forceCloseConnections: true,
    routerOptions: { maxParamLength: 128 },
    frameworkErrors: (error: Error, request: FastifyRequest, reply: FastifyReply) => {
      void reply.status(400).send({ statusCode: 400, code: 'BAD_REQUEST', message: error.message, requestId: request.id });
    },
    genReqId: ({ headers }: IncomingMessage) => requestIdOf(headers['x-request-id']),
  });
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(settings), adapter, { logger: ['warn', 'error'], abortOnError: false });
  app.useWebSocketAdapter(new SocketAdapter(app, server.bodyLimitBytes));
  app.enableShutdownHooks([], { useProcessExit: true });
  const fastify = adapter.getInstance();
  logRequests(fastify, app.get(Logger));
  addHooks(fastify, server);
  SwaggerModule.setup('docs', app, () => SwaggerModule.createDocument(app, openApi()));
  // Nest's own account of modules and routes is not news; from here on its words go into the log.
  await app.init();
  app.useLogger(app.get(Logger));
  return app;
}

function openApi(): ReturnType<DocumentBuilder['build']> {
  return new DocumentBuilder()
    .setTitle('Nooble')
    .setDescription('Agents, their runs and their conversations. Events of a run also come over the WebSocket `/ws`.')
    .setVersion('1')
    // Not addBearerAuth: it adds that the token is a JWT.
    .addSecurity('bearer', { type: 'http', scheme: 'bearer', description: 'An API key, nk_…' })
    .build();
}

function addHooks(fastify: FastifyInstance, { role }: ServerSettings): void {
  fastify.addHook('onRequest', (request, reply, done) => {
    void reply.header('x-request-id', request.id);
    const contentType = request.headers['content-type'];
    if (contentType !== undefined && WITH_BODY.has(request.method) && !JSON_TYPE.test(contentType)) void reply.status(415).send({ statusCode: 415, code: 'CONTENT_TYPE_UNSUPPORTED', message: `Send the body as JSON with "Content-Type: application/json", not as ${contentType.slice(0, 100)}.`, requestId: request.id });
    else if (role === 'worker' && !WORKER_ROUTES.test(request.url)) void reply.status(404).send({ statusCode: 404, code: 'WORKER_ONLY', message: 'This process only works off queues; ask one with NOOBLE_ROLE=api or all.', requestId: request.id });
    else done();
  });
}

/** The caller's id if it is one, so that a request can be followed through several systems; otherwise a new one. */
function requestIdOf(header: string | string[] | undefined): string {
  return typeof header === 'string' && REQUEST_ID.test(header) ? header : newId();
}

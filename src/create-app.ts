import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { DocumentBuilder, SwaggerModule } from '@nestjs/swagger';
import { Logger, PinoLogger } from 'nestjs-pino';
import { AppModule } from './app.module.js';
import { EdgeSettings, ServerSettings, type Settings, parseOriginList } from './shared/config/index.js';
import { SocketAdapter, addBrowserRules, guardRequests, httpOptions, logRequests } from './shared/http/index.js';

/** The application with everything on its wire and its workers running, not listening yet. */
export async function createApp(settings: Settings): Promise<NestFastifyApplication> {
  const server = settings.get(ServerSettings) as ServerSettings;
  const edge = settings.get(EdgeSettings) as EdgeSettings;
  const { entries: allowedOrigins } = parseOriginList(edge.allowedOrigins);
  const adapter = new FastifyAdapter(httpOptions(server, edge));
  const fastify = adapter.getInstance();
  const app = await NestFactory.create<NestFastifyApplication>(AppModule.forRoot(settings), adapter, { logger: ['warn', 'error'], abortOnError: false });
  app.useWebSocketAdapter(new SocketAdapter(app, { maxFrameBytes: server.bodyLimitBytes, allowedOrigins, urlLimitCharacters: edge.urlLimitCharacters }));
  app.enableShutdownHooks([], { useProcessExit: true });
  // Routes are made at init; what is refused before them has a browser's headers, too.
  await addBrowserRules(fastify, allowedOrigins);
  guardRequests(fastify, { isWorker: server.role === 'worker', urlLimitCharacters: edge.urlLimitCharacters });
  logRequests(fastify, await app.resolve(PinoLogger));
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
    .addBearerAuth({ type: 'http', scheme: 'bearer', description: 'An API key, nk_…' })
    .build();
}

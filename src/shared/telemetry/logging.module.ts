import { LoggerModule } from 'nestjs-pino';
import { SETTINGS_CLASSES, ServerSettings } from '../config/index.js';
import { loggedError } from './logged-error.js';
import { rememberSecrets, secretFree } from './secret-free.js';

/**
 * Structured JSON logs on standard output, each line without secrets. Requests are logged by a hook of the HTTP server (`shared/http/access-log.ts`), not by a
 * middleware.
 */
export const LoggingModule = LoggerModule.forRootAsync({
  inject: [ServerSettings, ...SETTINGS_CLASSES],
  useFactory: ({ logLevel }: ServerSettings, ...settings: object[]) => {
    rememberSecrets(settings);
    return {
      pinoHttp: {
        level: logLevel,
        serializers: { err: (thrown: unknown) => loggedError(thrown) },
        wrapSerializers: false,
        hooks: { streamWrite: secretFree },
        autoLogging: false,
      },
      forRoutes: [],
    };
  },
});

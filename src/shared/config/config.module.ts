import { type DynamicModule, Module } from '@nestjs/common';
import type { Settings } from './load-settings.js';

/** Gives every settings class to whoever injects it. */
@Module({})
export class ConfigModule {
  /** @param settings what `loadSettings` returned; tests pass their own */
  static forRoot(settings: Settings): DynamicModule {
    const providers = [...settings].map(([provide, useValue]) => ({ provide, useValue }));
    return { module: ConfigModule, global: true, providers, exports: providers };
  }
}

import { Module } from '@nestjs/common';
import { APP_INTERCEPTOR } from '@nestjs/core';
import { IdempotencyStore } from './idempotency.store.js';
import { IdempotentInterceptor } from './idempotent.interceptor.js';

/** `Idempotency-Key` for every handler with `@Idempotent()`. */
@Module({ providers: [IdempotencyStore, { provide: APP_INTERCEPTOR, useClass: IdempotentInterceptor }] })
export class IdempotencyModule {}

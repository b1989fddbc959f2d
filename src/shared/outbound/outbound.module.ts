import { Global, Module } from '@nestjs/common';
import { OutboundHttp } from './outbound-http.service.js';

/** Gives {@link OutboundHttp} to every module. */
@Global()
@Module({ providers: [OutboundHttp], exports: [OutboundHttp] })
export class OutboundModule {}

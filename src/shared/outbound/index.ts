export { readTextStart } from './bounded-body.js';
export type { TextStart } from './bounded-body.js';
export { OUTBOUND_RESOLVE, OutboundHttp } from './outbound-http.service.js';
export type { OutboundBounds } from './outbound-http.service.js';
export type { Resolve } from './guarded-agent.js';
export { OutboundModule } from './outbound.module.js';

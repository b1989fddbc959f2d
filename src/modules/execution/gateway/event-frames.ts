import type { ExecutionEvent } from '../../../contracts/index.js';

/** Whose events they are. */
export interface EventIds {
  readonly executionId: string;
  readonly conversationId: string;
  readonly sessionId: string;
}

/** Events are shared by all who follow a run live, and so is what is made of them. */
const frames = new WeakMap<ExecutionEvent, Buffer>();

/** The frame of an event as it goes over the wire, made once for all sockets. @param ids always the same for one event */
export function eventFrame(event: ExecutionEvent, { executionId, conversationId, sessionId }: EventIds): Buffer {
  let frame = frames.get(event);
  if (!frame) frames.set(event, (frame = Buffer.from(JSON.stringify({ ...event, executionId, conversationId, sessionId }))));
  return frame;
}

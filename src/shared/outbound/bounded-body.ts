import { outboundBodyTooLarge } from './outbound.errors.js';

/** A body of bytes, as web streams have it. */
export type ByteStream = ReadableStream<Uint8Array>;

/**
 * The same body, read no further than a bound.
 *
 * @param explain makes of what reading failed with what the reader is told
 * @returns a stream that fails with OUTBOUND_BODY_TOO_LARGE (tooLarge) beyond the bound, and then lets go of the connection
 */
export function boundedBody(body: ByteStream, maxBodyBytes: number, explain: (error: unknown) => unknown): ByteStream {
  const reader = body.getReader();
  let sizeBytes = 0;
  const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
    try {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      sizeBytes += value.byteLength;
      if (sizeBytes > maxBodyBytes) throw outboundBodyTooLarge(maxBodyBytes);
      controller.enqueue(value);
    } catch (error) {
      controller.error(explain(error));
      await reader.cancel(error).catch(() => undefined);
    }
  };
  return new ReadableStream<Uint8Array>({ pull, cancel: (reason) => reader.cancel(reason) }, { highWaterMark: 0 });
}

/** The beginning of a body as text. */
export interface TextStart {
  readonly text: string;
  /** There was more. */
  readonly isCut: boolean;
}

/** Reads at most so many bytes of a body and lets go of the rest; a character that is cut in two is left out. */
export async function readTextStart(body: ByteStream | null, maxBytes: number): Promise<TextStart> {
  const decoder = new TextDecoder();
  let [text, left] = ['', maxBytes];
  // Leaving the loop cancels the stream.
  for await (const chunk of body ?? []) {
    const isCut = chunk.byteLength > left;
    text += decoder.decode(isCut ? chunk.subarray(0, left) : chunk, { stream: true });
    if (isCut) return { text, isCut };
    left -= chunk.byteLength;
  }
  return { text: text + decoder.decode(), isCut: false };
}

import { AppError } from '../../shared/errors/index.js';
import { httpStatusOf, type Redact, toExecutionError } from '../../shared/models/index.js';
import { HIGHER_TIER } from '../tenancy/index.js';

/** How long a caller should wait when a provider has failed. A guess. */
const RETRY_AFTER_MS = 5_000;
/** What a provider answers when the request is at fault, not itself, its load, or the operator's key. */
const REFUSALS: readonly (number | undefined)[] = [400, 404, 413, 422];
/** What it answers when the operator's key is wrong, or may not do this. */
const KEY_REFUSALS: readonly (number | undefined)[] = [401, 403];
const KEY_REFUSED = 'Nothing was kept, and trying again soon will not help: the server’s operator has to look at OPENAI_API_KEY.';

/** Every way in which this module fails. */
export const knowledgeErrors = {
  tooManyTexts: (count: number, limit: number): AppError =>
    new AppError({
      kind: 'forbidden',
      code: 'TIER_LIMIT_TEXTS',
      message: `texts may hold ${String(limit)} texts for you, not ${String(count)} (maxTextsPerEmbedding); send them in several requests, or ${HIGHER_TIER}.`,
      details: { field: 'texts', limit: 'maxTextsPerEmbedding', maxTextsPerEmbedding: limit },
    }),
  /** @param index of the text, from 0 @param length in UTF-16 code units, as `limit` */
  textTooLong: (index: number, length: number, limit: number): AppError =>
    new AppError({
      kind: 'forbidden',
      code: 'TIER_LIMIT_TEXT_LENGTH',
      message: `texts[${String(index)}] may have ${String(limit)} characters (UTF-16 code units) for you, not ${String(length)} (maxCharactersPerText); embed it in pieces, or ${HIGHER_TIER}.`,
      details: { field: `texts[${String(index)}]`, limit: 'maxCharactersPerText', maxCharactersPerText: limit },
    }),
  /** @returns EMBEDDING_REFUSED (invalid) when the provider says that the request is at fault, else EMBEDDING_PROVIDER_FAILED (unavailable) */
  providerFailed: (thrown: unknown, redact: Redact): AppError => {
    const status = httpStatusOf(thrown);
    const { message } = toExecutionError(thrown, redact);
    // The cause holds the request with its texts: what it says is in the message.
    if (REFUSALS.includes(status)) return new AppError({ kind: 'invalid', code: 'EMBEDDING_REFUSED', message: `${ended(message)} Nothing was kept; name another model, or other texts.`, details: { providerStatus: status } });
    return unavailable('EMBEDDING_PROVIDER_FAILED', `${ended(message)} ${KEY_REFUSALS.includes(status) ? KEY_REFUSED : 'Nothing was kept; try again.'}`, status);
  },
  /** @param what is wrong with what it sent */
  vectorsInvalid: (what: string): AppError =>
    unavailable('EMBEDDING_PROVIDER_FAILED', `The model provider sent ${what}. Nothing was kept; try again, and if it stays so, name another model.`),
  timedOut: (seconds: number): AppError =>
    unavailable('EMBEDDING_TIMED_OUT', `The model provider did not answer within ${String(seconds)} s. Nothing was kept; try again, send fewer texts, or set EMBEDDING_TIMEOUT_SECONDS higher.`),
};

function unavailable(code: string, message: string, providerStatus?: number): AppError {
  return new AppError({ kind: 'unavailable', code, message, details: { retryAfterMs: RETRY_AFTER_MS, ...(providerStatus !== undefined && { providerStatus }) } });
}

function ended(sentence: string): string {
  return /[.!?…]$/.test(sentence) ? sentence : `${sentence}.`;
}

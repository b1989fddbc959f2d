import { isUUID } from 'class-validator';
import { CLIENT_ID, newId, SYSTEM_TENANT } from '../../../contracts/index.js';
import { actorOf, type AuditDetails, type AuditedAction } from './audit-entry.js';
import type { AuditedRule, CallerRequest } from './audited.js';

/** Longest text of a fact, characters, and most elements of a list. Guesses: ids and names are shorter. */
const MAX_TEXT = 200;
const MAX_LIST = 50;

type Fields = Readonly<Record<string, unknown>>;

/** The action that a request asks for. It is not validated yet: what does not fit is cut or left out. @param concerned the tenant that it concerns, if that is known besides */
export function actionOf(rule: AuditedRule, request: CallerRequest, now: Date, concerned?: string): AuditedAction {
  const { principal, id: requestId } = request;
  const [params, body, query] = [request.params, request.body, request.query].map(fieldsOf) as [Fields, Fields, Fields];
  const { target } = rule;
  const named = typeof target === 'string' ? params[target] : target?.(request);
  return {
    ...{ tenantId: concerned ?? tenantOf(rule, { ...body, ...params }, principal?.tenantId), entryId: newId(), at: now, action: rule.action, requestId },
    ...actorOf(principal ?? {}),
    target: typeof named === 'string' ? idOf(named) : null,
    details: { ...pick(query, rule.says), ...pick(body, rule.says), ...pick(params, rule.says) },
  };
}

/** The API key that a request is about; null for what is no id of one. */
export function keyIdOf({ ofKey }: AuditedRule, { params }: CallerRequest): string | null {
  const named = ofKey === undefined ? undefined : fieldsOf(params)[ofKey];
  return typeof named === 'string' && isUUID(named) ? named : null;
}

/** What is written down of an answer. */
export function factsOf(rule: AuditedRule, answer: unknown): AuditDetails {
  return pick(fieldsOf(answer), rule.answers);
}

function tenantOf({ tenant }: AuditedRule, fields: Fields, own = SYSTEM_TENANT): string {
  const named = tenant === undefined ? undefined : fields[tenant];
  return typeof named === 'string' && CLIENT_ID.test(named) ? named : own;
}

function pick(fields: Fields, names: readonly string[] = []): AuditDetails {
  return Object.fromEntries(names.flatMap((name) => (name in fields ? [[name, factOf(fields[name])] as const] : [])));
}

function factOf(value: unknown): AuditDetails[string] {
  if (Array.isArray(value)) return value.slice(0, MAX_LIST).map((element) => textOf(String(element)));
  if (value instanceof Date) return value.toISOString();
  if (typeof value === 'string') return textOf(value);
  return typeof value === 'number' || typeof value === 'boolean' ? value : null;
}

/** A UUID in lower case, as it is everywhere else: who looks for it finds it. */
function idOf(named: string): string {
  return isUUID(named) ? named.toLowerCase() : textOf(named);
}

/** As PostgreSQL can keep it. */
function textOf(text: string): string {
  return text.slice(0, MAX_TEXT).toWellFormed().replaceAll('\u0000', '\uFFFD');
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

import { setTimeout as sleep } from 'node:timers/promises';
import { CommandError } from './command.mjs';
import { SessionSocket } from './demo-client.mjs';
import { showEvent, showFact, showHeading, showNotice } from './demo-screen.mjs';

const CUT_AFTER_DELTAS = 5;
const OFFLINE_MS = 300;
const MOVE_TIMEOUT_MS = 30_000;
const MOVE_POLL_INTERVAL_MS = 200;
const CHECKSUM_LENGTH = 16;
const MESSAGES = [
  'Hello! What is this place, and who am I talking to?',
  'Tell me, in two or three sentences and at your own pace, what happens to a long answer like this one when the connection breaks in the middle of it.',
  'And where does our conversation go when we are done?',
];

/**
 * Holds a conversation of three turns over the WebSocket; in the second one the connection is cut and resumed.
 *
 * @param {{ url: string, key: string, agentId: string, sessionId: string }} options
 * @returns {Promise<{ conversationId: string, spoken: { role: string, content: string }[] }>} what was said, in order
 * @throws {CommandError} when an event is lost, doubled or out of order
 */
export async function holdConversation({ url, key, agentId, sessionId }) {
  const open = () => SessionSocket.open(url, key, sessionId);
  const spoken = [];
  let socket = await open();
  let conversationId;
  for (const [index, message] of MESSAGES.entries()) {
    showHeading(`Turn ${index + 1}`);
    showFact('you', message);
    const turn = new Turn();
    socket.send('execution.start', { agentId, message, sessionId });
    if (index === 1) socket = await turn.cutAndResume(socket, open);
    await turn.follow(socket);
    expect(!conversationId || turn.conversationId === conversationId, 'A turn went to another conversation.');
    conversationId = turn.conversationId;
    spoken.push({ role: 'user', content: message }, { role: 'assistant', content: turn.answer() });
  }
  socket.terminate();
  return { conversationId, spoken };
}

/** The events of one execution, checked as they come: their numbers run 1, 2, 3 … without a gap or a double. */
class Turn {
  #events = [];

  get conversationId() {
    return this.#events[0].conversationId;
  }

  /** Reads up to the middle of the answer, or to the end of a very short one, loses the connection, and goes on from the last event on a new one. */
  async cutAndResume(socket, open) {
    let event;
    do event = await this.#read(socket);
    while (this.#deltas().length < CUT_AFTER_DELTAS && event.type !== 'message.completed' && !isTerminal(event));
    socket.terminate();
    const { executionId, seq } = this.#events.at(-1);
    showNotice(`✂ connection cut after event ${seq}`);
    await sleep(OFFLINE_MS);
    const resumed = await open();
    showNotice(`↻ new connection: subscribe { executionId, after: ${seq} }`);
    resumed.send('subscribe', { executionId, after: seq });
    return resumed;
  }

  /** Reads to the end of the execution. */
  async follow(socket) {
    let event;
    do event = await this.#read(socket);
    while (!isTerminal(event));
    expect(event.type === 'execution.completed', `The execution ended with ${event.type}: ${JSON.stringify(event.data)}`);
    const types = new Set(this.#events.map(({ type }) => type));
    for (const type of ['execution.queued', 'execution.started', 'message.delta', 'message.completed']) {
      expect(types.has(type), `The execution had no event ${type}.`);
    }
    const streamed = this.#deltas().map(({ data }) => data.text).join('');
    expect(streamed === this.answer(), 'The streamed words differ from the completed message.');
    showNotice(`✓ ${this.#events.length} events, none lost, none doubled`);
  }

  /** The complete answer. */
  answer() {
    return this.#events.find(({ type }) => type === 'message.completed').data.content;
  }

  async #read(socket) {
    let event = await socket.next();
    while (!event.executionId || event.seq === undefined) event = await socket.next();
    const previous = this.#events.at(-1);
    const isSame = !previous || event.executionId === previous.executionId;
    expect(isSame, `An event of another execution arrived: ${event.type} ${event.seq}.`);
    const expected = (previous?.seq ?? 0) + 1;
    expect(event.seq === expected, `Event ${expected} was expected, ${event.seq} (${event.type}) came.`);
    this.#events.push(event);
    showEvent(event);
    return event;
  }

  #deltas() {
    return this.#events.filter(({ type }) => type === 'message.delta');
  }
}

/**
 * Waits until the CRM reports the conversation as moved and verified, and compares it with what was said.
 *
 * @param {ReturnType<import('./demo-client.mjs').createApi>} api as an operator
 * @param {string} conversationId the conversation
 * @param {{ role: string, content: string }[]} spoken what was said, in order
 * @returns {Promise<any>} the CRM record
 */
export async function waitForMove(api, conversationId, spoken) {
  const deadline = Date.now() + MOVE_TIMEOUT_MS;
  let record = await api('GET', `/api/v1/crm/conversations/${conversationId}`);
  while (!isMoved(record)) {
    expect(Date.now() < deadline, `The conversation was not moved in ${MOVE_TIMEOUT_MS / 1000} s: status ${record.status}, storage ${record.storage}.`);
    await sleep(MOVE_POLL_INTERVAL_MS);
    record = await api('GET', `/api/v1/crm/conversations/${conversationId}`);
  }
  const kept = record.messages.filter(({ role }) => role !== 'system').map(({ role, content }) => ({ role, content }));
  expect(JSON.stringify(kept) === JSON.stringify(spoken), 'The messages in PostgreSQL differ from what was said.');
  return record;
}

/** Prints a CRM record with its ledger. */
export function showRecord(record) {
  showFact('conversation', record.conversationId);
  showFact('status', `${record.status}, storage ${record.storage}`);
  showFact('size', `${record.messageCount} messages, ${record.tokenCount} tokens, ${record.executions.length} executions`);
  for (const { seq, role, content } of record.messages) showFact(`${seq} ${role}`, content.replaceAll(/\s+/g, ' ').slice(0, 90));
  for (const { fromSeq, toSeq, messageCount, checksum, durationMs, attempt, outcome } of record.ledger) {
    const digest = `${String(checksum).slice(0, CHECKSUM_LENGTH)}…`;
    showFact('ledger', `messages ${fromSeq}–${toSeq} (${messageCount}), SHA-256 ${digest}, ${durationMs} ms, attempt ${attempt}: ${outcome}`);
  }
}

function isMoved({ status, messageCount, ledger }) {
  const verified = ledger.filter(({ outcome }) => outcome === 'verified');
  const count = verified.reduce((sum, row) => sum + row.messageCount, 0);
  return status === 'transferred' && count === messageCount;
}

function isTerminal({ type }) {
  return /^execution\.(completed|failed|cancelled|timedOut)$/.test(type);
}

function expect(isTrue, reason) {
  if (!isTrue) throw new CommandError(reason);
}

// A part of a bench in a process of its own, so that it does not share the event loop of what is measured.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { CommandError, oneLine, onExit } from '../scripts/command.mjs';
import { endChild } from '../scripts/processes.mjs';

const STOP_TIMEOUT_MS = 5_000;
/** More than any question takes: one that hangs is a fault, not a slow answer. */
const ANSWER_TIMEOUT_MS = 180_000;

/**
 * Starts a helper process; it ends when this process ends.
 *
 * @param {URL} file a module that calls `serveHelper`
 * @param {object} options what its `prepare` is given
 * @returns {Promise<{ ready: any, ask: (question: object) => Promise<any>, stop: () => Promise<void> }>} `ready` is what its `prepare` gave
 */
export async function startHelper(file, options) {
  const path = fileURLToPath(file);
  const child = fork(path, [JSON.stringify(options)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const stop = () => endChild(child, { timeoutMs: STOP_TIMEOUT_MS });
  onExit(stop);
  const { ready } = await answerOf(child, path);
  const ask = async (question) => {
    const answer = answerOf(child, path);
    child.send(question);
    return (await answer).answer;
  };
  return { ready, ask, stop };
}

function answerOf(child, path) {
  return new Promise((resolve, reject) => {
    const onMessage = (message) => settle(message.error ? () => reject(new CommandError(message.error)) : () => resolve(message));
    const onEnd = () => settle(() => reject(new CommandError(`${path} ended too early.`)));
    const onSilence = () => settle(() => reject(new CommandError(`${path} gave no answer in ${ANSWER_TIMEOUT_MS / 1000} s.`)));
    const timer = setTimeout(onSilence, ANSWER_TIMEOUT_MS);
    const settle = (done) => {
      clearTimeout(timer);
      child.off('message', onMessage).off('exit', onEnd);
      done();
    };
    child.once('message', onMessage).once('exit', onEnd);
  });
}

/**
 * The helper's side: prepares, says what is ready, then answers questions one by one until its parent is gone.
 *
 * @param {(options: any) => Promise<{ ready?: unknown, answer?: (question: any) => Promise<unknown> }>} prepare
 */
export async function serveHelper(prepare) {
  process.on('disconnect', () => process.exit());
  process.on('SIGINT', () => undefined);
  const attempt = async (work) => {
    try {
      process.send(await work());
    } catch (error) {
      process.send({ error: oneLine(error) });
    }
  };
  let answer = async () => undefined;
  process.on('message', (question) => void attempt(async () => ({ answer: await answer(question) })));
  await attempt(async () => {
    const prepared = await prepare(JSON.parse(process.argv[2]));
    answer = prepared.answer ?? answer;
    return { ready: prepared.ready ?? true };
  });
}

import { openProduct, openStore } from './product.mjs';

export async function openMemory({ redisUrl, databaseUrl, window }) {
  const product = await openProduct({ redisUrl, databaseUrl });
  const { newMessage, newRef, newRunId, save } = product;
  // Conversations are made behind the product's back, as by another process: nothing of them is in its memory.
  const other = await openStore({ redisUrl });
  const refs = new Map();
  const refOf = (id) => refs.get(id) ?? refs.set(id, newRef(tenantOf(id))).get(id);
  return {
    product,
    refOf,
    begin: async (id, messages) => {
      await other.begin(refOf(id));
      for (const message of messages) await other.append(refOf(id), newMessage({ ...message, tokens: tokensOf(message.content) }));
    },
    turn: async (id, { user, assistant }) => {
      const runId = newRunId();
      await save(refOf(id), newMessage({ role: 'user', content: user }, runId));
      const read = await product.window(refOf(id), window);
      await save(refOf(id), newMessage({ role: 'assistant', content: assistant }, runId));
      return read.length;
    },
    forget: (group) => {
      for (const id of refs.keys()) if (tenantOf(id) === group || tenantOf(id).startsWith(`${group}-`)) refs.delete(id);
    },
    settle: (id) => product.move(refOf(id)),
  };
}

/** The group of an id: what stands before the dot. */
function tenantOf(id) {
  return id.split('.', 1)[0];
}

/** About as many as a text of that length has: good enough where it is not shown. */
function tokensOf(text) {
  return Math.ceil(text.length / 4);
}

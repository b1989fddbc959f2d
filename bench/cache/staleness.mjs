const under = {};

/** Begins to load these keys and answers when every loader is under way; each will give what was true before the deletion. */
export async function beginLoads({ at, read }, { keys }) {
  const end = Promise.withResolvers();
  const begun = keys.map((key) => {
    const started = Promise.withResolvers();
    const load = async () => {
      started.resolve();
      await end.promise;
      return { version: 'old' };
    };
    return { started: started.promise, done: read(at(key), load) };
  });
  Object.assign(under, { end, begun });
  await Promise.all(begun.map(({ started }) => started));
}

export async function deleteAll(cache, { keys }) {
  await Promise.all(keys.map((key) => cache.delete(cache.at(key))));
}

export async function endLoads() {
  under.end.resolve();
  await Promise.all(under.begun.map(({ done }) => done));
}

/** @returns {Promise<string[]>} the keys that are still read as they were before the deletion */
export async function readStale({ at, read, valueOf }, { keys }) {
  const answers = await Promise.all(keys.map((key) => read(at(key), async () => ({ version: 'new' }))));
  return keys.filter((_, i) => valueOf(answers[i]).version === 'old');
}

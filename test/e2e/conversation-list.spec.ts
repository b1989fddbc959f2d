import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { newId } from '../../src/contracts/index.js';
import type { ApiClient, ErrorAnswer } from '../support/api-client.js';
import { Conversations, NOTHING_BY_ITSELF, type Page, type SeenConversation } from '../support/conversations.js';
import { type TestApp, startTestApp } from '../support/test-app.js';

const PATH = '/api/v1/conversations';
const AGENTS = [newId(), newId(), newId()] as const;
const USERS = ['ann', 'bob', 'cy', 'dora'] as const;
const COUNT = 36;

let nooble: TestApp;
let acme: ApiClient;
let all: Conversations;
/** Newest first, as each one answers for itself. */
let known: SeenConversation[];

/** Where each conversation of the list is left: a third of them in each store, in every status. */
const ENDS: readonly ((conversationId: string) => Promise<unknown>)[] = [
  async () => undefined,
  (conversationId) => all.move(conversationId),
  (conversationId) => all.rest(conversationId),
  (conversationId) => all.close(conversationId),
  async (conversationId) => {
    await all.move(conversationId);
    await all.close(conversationId);
  },
  async (conversationId) => {
    await all.rest(conversationId);
    await acme.patch(`${PATH}/${conversationId}`, { status: 'archived' });
    await all.move(conversationId);
  },
];

const isBefore = (a: SeenConversation, b: SeenConversation): number => (a.createdAt === b.createdAt ? (a.conversationId > b.conversationId ? -1 : 1) : a.createdAt > b.createdAt ? -1 : 1);

/** Asks each conversation by itself how it is now. */
async function look(ids: readonly string[]): Promise<SeenConversation[]> {
  return (await Promise.all(ids.map((id) => all.get(id)))).sort(isBefore);
}

async function list(query: string, client = acme): Promise<Page<SeenConversation>> {
  const { status, body } = await client.get<Page<SeenConversation>>(`${PATH}?${query}`);
  if (status !== 200) throw new Error(JSON.stringify(body));
  return body;
}

/** Every page, one after the other. @param between what happens before the next one is read */
async function walk(query: string, between: (page: number) => Promise<unknown> = async () => undefined): Promise<{ readonly data: SeenConversation[]; readonly totals: Set<number> }> {
  const [data, totals]: [SeenConversation[], Set<number>] = [[], new Set()];
  for (let [cursor, page]: [string | null, number] = ['', 0]; cursor !== null; page += 1) {
    const answer: Page<SeenConversation> = await list(`${query}${cursor === '' ? '' : `&cursor=${cursor}`}`);
    data.push(...answer.data);
    totals.add(answer.total);
    cursor = answer.nextCursor;
    if (cursor !== null) await between(page);
  }
  return { data, totals };
}

const idsOf = (conversations: readonly SeenConversation[]): string[] => conversations.map(({ conversationId }) => conversationId);

beforeAll(async () => {
  nooble = await startTestApp(NOTHING_BY_ITSELF);
  acme = nooble.client('acme');
  all = new Conversations(acme);
  const ids: string[] = [];
  for (let i = 0; i < COUNT; i += 1) {
    const conversationId = await all.begin({ agentId: AGENTS[i % 3], userId: USERS[Math.floor(i / 3) % 4], sessionId: `session-${String(i % 5)}-${String(Math.floor(i / 15))}`, metadata: { i } });
    await all.say(conversationId, `number ${String(i)}`);
    ids.push(conversationId);
  }
  for (const [i, id] of ids.entries()) await ENDS[(i + Math.floor(i / 6)) % ENDS.length]!(id);
  known = await look(ids);
  for (const storage of ['hot', 'both', 'cold']) expect(known.filter((one) => one.storage === storage).length).toBeGreaterThan(5);
  for (const status of ['active', 'completed', 'transferred', 'archived']) expect(known.filter((one) => one.status === status).length).toBeGreaterThan(2);
});
afterAll(() => nooble.close());

describe('the list of conversations (87, 94)', () => {
  it('has all of both stores, newest first, as each one answers for itself', async () => {
    expect(await list('limit=200')).toEqual({ data: known, nextCursor: null, total: COUNT });
    expect((await list('')).data).toHaveLength(COUNT);
  });

  it.each([1, 5, 12, COUNT])('in pages of %s has each once, with the real total on each (13)', async (limit) => {
    const { data, totals } = await walk(`limit=${String(limit)}`);
    expect([idsOf(data), [...totals]]).toEqual([idsOf(known), [COUNT]]);
  });

  const FILTERS: readonly (readonly [string, (one: SeenConversation) => boolean])[] = [
    [`agentId=${AGENTS[1].toUpperCase()}`, ({ agentId }) => agentId === AGENTS[1]],
    ['userId=bob', ({ userId }) => userId === 'bob'],
    ['sessionId=session-2-1', ({ sessionId }) => sessionId === 'session-2-1'],
    ...['active', 'completed', 'transferred', 'archived'].map((wanted) => [`status=${wanted}`, ({ status }: SeenConversation) => status === wanted] as const),
    ...['hot', 'both', 'cold'].map((wanted) => [`storage=${wanted}`, ({ storage }: SeenConversation) => storage === wanted] as const),
  ];
  const PAIRS = FILTERS.flatMap((a, i) => FILTERS.slice(i + 1).map((b) => [`${a[0]}&${b[0]}`, (one: SeenConversation) => a[1](one) && b[1](one)] as const)).filter(([query]) => !/(status|storage).*\1/.test(query));

  it.each([...FILTERS, ...PAIRS])('with %s has just those, in pages of 2, too', async (query, isWanted) => {
    const wanted = known.filter((one) => isWanted(one));
    expect(await list(`limit=200&${query}`)).toEqual({ data: wanted, nextCursor: null, total: wanted.length });
    const { data, totals } = await walk(`limit=2&${query}`);
    expect([idsOf(data), [...totals]]).toEqual([idsOf(wanted), [wanted.length]]);
  });

  it('by the time of creation has the first moment and not the last', async () => {
    const [to, from] = [known[9]!.createdAt, known[25]!.createdAt];
    const wanted = known.filter(({ createdAt }) => createdAt >= from && createdAt < to);
    expect(wanted.length).toBeGreaterThan(10);
    expect(idsOf((await list(`limit=200&from=${from}&to=${to}`)).data)).toEqual(idsOf(wanted));
    expect((await list(`from=${from}&to=${to}&agentId=${AGENTS[0]}&limit=2`)).total).toBe(wanted.filter(({ agentId }) => agentId === AGENTS[0]).length);
    for (const none of ['from=2100-01-01', 'to=2000-01-01T00:00:00Z', `from=${to}&to=${from}`]) expect(await list(none)).toEqual({ data: [], nextCursor: null, total: 0 });
  });

  it.each(['cursor=x', 'cursor=', `cursor=${'A'.repeat(101)}`, `cursor=${base64('1.------------------------------------')}`, `cursor=${base64('-1.01a1fd7d-0000-7000-8000-000000000000')}`])('refuses %s by name', async (query) => {
    const { status, body } = await acme.get<ErrorAnswer>(`${PATH}?${query}`);
    expect([status, body.code, new Set(body.details?.fields?.map(({ field }) => field))]).toEqual([400, 'VALIDATION_FAILED', new Set(['cursor'])]);
  });

  it.each([['status=deleted', 'status'], ['storage=warm', 'storage'], ['from=yesterday', 'from'], ['to=2030-13-01', 'to'], ['agentId=x', 'agentId'], ['userId=a:b', 'userId'], ['q=', 'q'], ['colour=red', 'colour']])('refuses %s by name', async (query, field) => {
    const { status, body } = await acme.get<ErrorAnswer>(`${PATH}?${query}`);
    expect([status, new Set(body.details?.fields?.map((fault) => fault.field))]).toEqual([400, new Set([field])]);
  });

  it('of another tenant is his own', async () => {
    expect(await list('', nooble.client('globex'))).toEqual({ data: [], nextCursor: null, total: 0 });
  });
});

describe('the list, while conversations go from store to store between its pages,', () => {
  it('has each once, in its order, and what came meanwhile not in the middle', async () => {
    const tenant = nooble.client('movers');
    const [own, ids] = [new Conversations(tenant), [] as string[]];
    for (let i = 0; i < 15; i += 1) ids.push(await own.begin());
    const order = ids.toSorted().reverse();
    const stir = async (page: number): Promise<void> => {
      for (const [i, id] of ids.entries()) {
        if ((i + page) % 3 === 0) await own.rest(id);
        else if ((i + page) % 3 === 1) await own.say(id, 'back again');
      }
      await own.begin();
    };
    for (const limit of [2, 4]) {
      const seen: SeenConversation[] = [];
      // Everything that was there before, page by page.
      const newest = base64(`${String(Date.now() + 1)}.ffffffff-ffff-ffff-ffff-ffffffffffff`);
      for (let [at, page]: [string | null, number] = [newest, 0]; at !== null; page += 1) {
        const answer: Page<SeenConversation> = await list(`limit=${String(limit)}&cursor=${at}`, tenant);
        seen.push(...answer.data);
        at = answer.nextCursor;
        await stir(page);
      }
      expect(idsOf(seen).filter((id) => ids.includes(id))).toEqual(order);
      expect(new Set(idsOf(seen)).size).toBe(seen.length);
    }
  });

  it('has each once and the real total at every moment of a move', async () => {
    const tenant = nooble.client('movers-at-once');
    const [own, ids] = [new Conversations(tenant), [] as string[]];
    for (let i = 0; i < 8; i += 1) ids.push(await own.begin({ sessionId: 'at-once' }));
    let isOver = false;
    const moving = (async () => {
      for (let round = 0; round < 4; round += 1) {
        for (const id of ids) await own.rest(id);
        for (const id of ids) await own.say(id, 'back again');
      }
      isOver = true;
    })();
    while (!isOver) {
      const { data, total } = await list('limit=200&sessionId=at-once', tenant);
      expect([idsOf(data).toSorted(), total]).toEqual([ids.toSorted(), 8]);
    }
    await moving;
  });
});

describe('searching', () => {
  const TEXTS: Readonly<Record<string, string>> = {
    refund: 'Please refund the broken Blender, order 77-12',
    chinese: '我想取消我的订单，谢谢',
    phrase: 'the quick brown fox jumps',
    scattered: 'a fox that is brown, and not quick',
    accents: 'La naïveté d’un café à São Paulo',
  };
  let found: (q: string, more?: string) => Promise<string[]>;
  let ids: Record<string, string>;

  const SCENES: Readonly<Record<string, (own: Conversations, id: string) => Promise<unknown>>> = {
    'in Redis alone': async () => undefined,
    'in both stores': (own, id) => own.move(id),
    'cold': (own, id) => own.rest(id),
    'brought back': async (own, id) => {
      await own.rest(id);
      await own.say(id, 'again');
    },
  };

  it.each(Object.keys(SCENES))('finds words, phrases and Chinese in what is %s, and of its own tenant alone', async (scene) => {
    const client = nooble.client(`search-${scene.replaceAll(' ', '-')}`);
    const own = new Conversations(client);
    ids = {};
    for (const [name, text] of Object.entries(TEXTS)) {
      ids[name] = await own.begin();
      await own.say(ids[name], text);
      await own.say(ids[name], 'filler');
      await SCENES[scene]!(own, ids[name]);
    }
    found = async (q, more = '') => {
      const { data, total } = await list(`q=${encodeURIComponent(q)}${more}`, client);
      expect(total).toBe(data.length);
      return data.map(({ conversationId }) => Object.keys(ids).find((name) => ids[name] === conversationId) ?? '?').toSorted();
    };
    expect(await found('refund')).toEqual(['refund']);
    expect(await found('BLENDER refund')).toEqual(['refund']);
    expect(await found('refund nowhere')).toEqual([]);
    expect(await found('brown fox')).toEqual(['phrase', 'scattered']);
    expect(await found('"brown fox"')).toEqual(['phrase']);
    expect(await found('fox -jumps')).toEqual(['scattered']);
    expect(await found('refund or jumps')).toEqual(['phrase', 'refund']);
    expect(await found('订单')).toEqual(['chinese']);
    expect(await found('"取消我的订单"')).toEqual(['chinese']);
    expect(await found('"订单取消"')).toEqual([]);
    expect(await found('naïveté')).toEqual(['accents']);
    expect(await found('filler')).toHaveLength(5);
    expect(await found('filler', '&userId=nobody')).toEqual([]);
    expect(await found('again')).toHaveLength(scene === 'brought back' ? 5 : 0);
    for (const strange of ["'", '"', '-', '!!', ':*', '& | ! ( )', '<->', '\\', '%', '()']) expect(await found(strange)).toEqual([]);
    expect(await list('q=refund')).toMatchObject({ data: [], total: 0 });
  });

  it('goes through both stores in pages', async () => {
    expect(idsOf((await walk('limit=4&q=number')).data)).toEqual(idsOf(known));
    expect((await list(`q=number&agentId=${AGENTS[2]}&storage=cold`)).total).toBe(known.filter(({ agentId, storage }) => agentId === AGENTS[2] && storage === 'cold').length);
    expect((await list('q=17')).data).toMatchObject([{ metadata: { i: 17 } }]);
  });
});

function base64(text: string): string {
  return Buffer.from(text).toString('base64url');
}

import { describe, expect, it } from 'vitest';
import { createApi, type Api } from '../../../src/cli/api.ts';
import { CliFailure } from '../../../src/cli/failure.ts';
import type { Target } from '../../../src/cli/target.ts';

const target: Target = { apiUrl: 'https://api.example', apiKey: 'sk_test_1', mode: 'test', source: 'here' };
const lost = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('cut'), { code: 'ECONNRESET' }) });
};
const refused = () => {
  throw new TypeError('fetch failed', { cause: Object.assign(new Error('no'), { code: 'ECONNREFUSED' }) });
};
const problem =
  (status: number, code: string, headers: Record<string, string> = {}) =>
  () =>
    Response.json({ code, detail: 'So it is.', fix: 'Do this.', errors: [] }, { status, headers });
const done = (body: object) => () => Response.json(body);

/** Answers one request after the other, and remembers them. */
function serve(...answers: (() => Response)[]) {
  const keys: (string | null)[] = [];
  const waits: number[] = [];
  const api = createApi({
    ...{ target, interrupted: new AbortController().signal, userAgent: 'test' },
    sleep: async (ms) => void waits.push(ms),
    fetch: async (_url, init) => {
      keys.push(new Headers(init?.headers).get('idempotency-key'));
      const answer = answers[keys.length - 1];
      if (!answer) throw new Error('one request too many');
      return answer();
    },
  });
  return { api, keys, waits };
}
const failureOf = (asked: Promise<unknown>) =>
  asked.then(
    () => null,
    (error: unknown) => (error instanceof CliFailure ? error : null),
  );
const write = (api: Api) => api.write('POST', '/ops/things', {}, 'key-1');

describe('a write', () => {
  it('whose answer was lost is sent again under the same key', async () => {
    const { api, keys } = serve(lost, problem(503, 'unavailable'), done({ id: 'x_1' }));
    expect(await write(api)).toEqual({ id: 'x_1' });
    expect(keys).toEqual(['key-1', 'key-1', 'key-1']);
  });

  it('that stays without an answer fails with its key, for it may have been done', async () => {
    const failure = await failureOf(write(serve(lost, lost, lost).api));
    expect(failure).toMatchObject({ exitCode: 4, code: 'no_answer', idempotencyKey: 'key-1' });
  });

  it('that nobody could take was surely not done: no key, no second try', async () => {
    const { api, keys } = serve(refused);
    expect(await failureOf(write(api))).toMatchObject({ code: 'connection_refused', idempotencyKey: null });
    expect(keys).toHaveLength(1);
  });

  it('that is refused is not sent again', async () => {
    const { api, keys } = serve(problem(409, 'rollout_running'));
    expect(await failureOf(write(api))).toMatchObject({ exitCode: 3, fix: 'Do this.', idempotencyKey: null });
    expect(keys).toHaveLength(1);
  });

  it('waits as long as the API asks it to', async () => {
    const { api, waits } = serve(problem(429, 'rate_limited', { 'retry-after': '3' }), done({}));
    await write(api);
    expect(waits).toEqual([3_000]);
  });
});

describe('a list', () => {
  it('is read page by page up to its limit, and says where it goes on', async () => {
    const page = (from: number, next: string | null) =>
      done({ data: Array.from({ length: 100 }, (_, nth) => ({ id: from + nth })), next_cursor: next });
    const { api } = serve(page(0, 'a'), page(100, 'b'));
    const { data, next_cursor } = await api.list('/ops/things', {}, 200);
    expect([data.length, next_cursor]).toEqual([200, 'b']);
  });
});

describe('what is not the API', () => {
  it('is not quoted', async () => {
    const page = () => new Response('<h1>secret</h1>', { status: 404, headers: { 'content-type': 'text/html' } });
    const failure = await failureOf(serve(page).api.get('/ops/things'));
    expect(failure).toMatchObject({ code: 'http_404', message: expect.not.stringContaining('secret') });
  });
});

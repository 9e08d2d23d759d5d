import { describe, expect, it } from 'vitest';
import type { Api, WriteMethod } from '../../../src/cli/api.ts';
import { change } from '../../../src/cli/change.ts';
import type { Json } from '../../../src/cli/json.ts';
import { show } from '../../../src/cli/show.ts';
import { openScreen, type Session } from '../../../src/cli/session.ts';
import { watch, type Work } from '../../../src/cli/watch.ts';
import { fakeTerminal, type FakeTerminal } from './fake-terminal.ts';

function open(terminal: FakeTerminal, isJson = false) {
  const written: { method: WriteMethod; path: string; key: string }[] = [];
  const api: Api = {
    target: { apiUrl: 'https://api.example', apiKey: 'sk_live_1', mode: 'live', source: 'here' },
    get: async () => null,
    look: async () => ({ status: 200, body: null }),
    write: async (method, path, _body, key) => {
      written.push({ method, path, key });
      return { id: 'x_1' };
    },
    list: async () => ({ data: [], next_cursor: null }),
    download: async () => new Response(),
  };
  const session: Session = { terminal, api, ...openScreen(terminal, isJson) };
  return { session, written };
}

const revoke = { method: 'DELETE', path: '/ops/keys/1', says: 'Revokes it.', final: 'It never comes back.' } as const;

describe('a change that cannot be undone', () => {
  it('is made when a person agrees, who is told where it happens and why it matters', async () => {
    const terminal = fakeTerminal(true);
    const { session, written } = open(terminal);
    expect(await change(session, {}, revoke)).toEqual({ id: 'x_1' });
    expect(written).toMatchObject([{ method: 'DELETE', path: '/ops/keys/1' }]);
    expect(terminal.said.err).toContain('It never comes back.');
  });

  it.each([
    ['a person says no', false],
    ['there is nobody to ask', null],
  ])('is not made when %s', async (_when, agrees) => {
    const { session, written } = open(fakeTerminal(agrees));
    await expect(change(session, {}, revoke)).rejects.toMatchObject({ exitCode: 5, code: 'not_confirmed' });
    expect(written).toEqual([]);
  });

  it('asks nothing and sends nothing in a dry run', async () => {
    const terminal = fakeTerminal();
    const { session, written } = open(terminal, true);
    expect(await change(session, { dryRun: true }, revoke)).toBeNull();
    expect(written).toEqual([]);
    expect(JSON.parse(terminal.said.out)).toMatchObject({ dry_run: true, request: { path: '/api/v1/ops/keys/1' } });
  });
});

describe('watching', () => {
  const work = (states: Json[], more: Partial<Work> = {}): Work => ({
    ...{ noun: 'the report', again: 'plinto-billing again', stop: 'plinto-billing stop' },
    read: async () => states.shift() ?? null,
    progress: (state) => ({ share: state === 'half' ? 0.5 : 1, text: show(state) }),
    end: (state) => (state === 'done' ? 'good' : null),
    ...more,
  });

  it('goes on until the end, with a line for each change', async () => {
    const terminal = fakeTerminal();
    expect(await watch(open(terminal).session, work(['half', 'half', 'done']))).toBe('done');
    expect(terminal.said.err).toBe('50 %  half\n100 %  done\n');
  });

  it('ends at Ctrl-C and names the commands that watch again and that stop the work', async () => {
    const terminal = fakeTerminal();
    const states: Json[] = ['half', 'half', 'half'];
    const read = async () => {
      if (states.length === 2) terminal.interrupt();
      return states.shift() ?? 'done';
    };
    await expect(watch(open(terminal).session, work([], { read }))).rejects.toMatchObject({
      ...{ exitCode: 130, message: expect.stringContaining('goes on at the server') },
      fix: 'Watch again: plinto-billing again\nStop it: plinto-billing stop',
    });
  });
});

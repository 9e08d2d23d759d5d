import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProjectRules } from '../../../src/api/routing/project-rules.ts';
import { policies, startApi, type TestApi } from '../api/support.ts';

let api: TestApi;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.close());

const scope = { projectId: 'default', live: false };
const block = (country: string) =>
  api.query(
    `insert into blocked_countries (project_id, live, country, is_blocked, since, reason, changed_by)
     values ('default', false, ?, true, '2026-11-01', 'test', 'test')`,
    [country],
  );

describe('the rules in force', () => {
  it('come from memory, are read again behind the answer, and are never older than five seconds', async () => {
    let nowMs = 0;
    const rules = createProjectRules({ orm: api.orm, policies, now: () => nowMs });
    const knows = async (country: string) =>
      (await rules.of(scope)).blockedCountries.some((entry) => entry.country === country);
    expect(await knows('KP')).toBe(true);
    await block('BR');
    nowMs = 1_999;
    expect(await knows('BR')).toBe(false);
    nowMs = 2_000;
    expect(await knows('BR')).toBe(false);
    await expect.poll(() => knows('BR')).toBe(true);
    await block('AR');
    nowMs += 5_000;
    expect(await knows('AR')).toBe(true);
    await block('CL');
    expect(await knows('CL')).toBe(false);
    await rules.reload(scope);
    expect(await knows('CL')).toBe(true);
    expect((await rules.of({ ...scope, live: true })).blockedCountries.map(({ country }) => country)).toEqual([
      'KP',
      'UA',
    ]);
  });

  it('serve many askers of one project with one reading', async () => {
    let readings = 0;
    const counted = {
      em: {
        fork: () => {
          readings += 1;
          return api.orm.em.fork();
        },
      },
    };
    const rules = createProjectRules({ orm: counted, policies, now: () => 0 });
    const [first, ...others] = await Promise.all(Array.from({ length: 20 }, () => rules.of(scope)));
    expect(others.every((each) => each === first)).toBe(true);
    // Policies, blocked countries, rollouts.
    expect(readings).toBe(3);
  });
});

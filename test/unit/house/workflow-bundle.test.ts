import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeBundle } from '../../../src/worker/workflow-bundle.ts';

/**
 * Temporal's own share is most of it. Every cached workflow pays for its bundle: growth needs a reason. (2.0 MB until
 * stray sessions and reconciliation got workflows of their own, 2.1 MB until usage did, 2.2 MB until rollouts and
 * migrations did.)
 */
const budgetBytes = 2_400_000;

let folder: string;
let code: string;

describe('the workflow bundle', () => {
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'plinto-bundle-'));
    const file = path.join(folder, 'workflows.cjs');
    await writeBundle(file);
    code = await readFile(file, 'utf8');
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it(`stays under ${budgetBytes / 1e6} MB`, () => {
    expect(Buffer.byteLength(code)).toBeLessThan(budgetBytes);
  });

  it('holds the workflows', () => {
    for (const name of ['checkout', 'subscription', 'applyLateFact']) expect(code).toContain(`function ${name}(`);
  });

  it.each(['pg', 'express', '@mikro-orm/core', '@mikro-orm/postgresql', 'zod', 'pino', 'undici', '@temporalio/client'])(
    'holds nothing of %s',
    (name) => {
      expect(code).not.toContain(`node_modules/${name}/`);
      expect(code).not.toMatch(new RegExp(`require\\(["']${name}["']\\)`));
    },
  );

  it('holds nothing of activities, rows or adapters', () => {
    expect(code).not.toMatch(/\.\/src\/(activities|db|api|providers|worker|crypto)\//);
  });
});

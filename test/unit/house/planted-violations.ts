/** A file with exactly one fault, and the rule that must name it. */
export interface Plant {
  readonly what: string;
  readonly file: string;
  readonly text: string;
  readonly rule: string;
}

const use = (...from: readonly string[]) =>
  `${from.map((name, at) => `import { x as x${at} } from '${name}';`).join('\n')}
export const y: unknown = [${from.map((_, at) => `x${at}`).join(', ')}];`;
const useType = (from: string) => `import type { X } from '${from}';\nexport type Y = X;`;

function plant(what: string, file: string, text: string, rule = 'no-restricted-imports'): Plant {
  return { what, file, text, rule };
}

export const planted: readonly Plant[] = [
  plant('the domain imports Node', 'src/domain/node.ts', use('node:fs')),
  plant('the domain imports a package', 'src/domain/package.ts', use('zod')),
  plant('the domain imports db', 'src/domain/routing/rows.ts', use('../../db/orm.ts')),
  plant('the domain imports config', 'src/domain/config.ts', use('../config.ts')),
  plant(
    'the domain reads the clock',
    'src/domain/clock.ts',
    'export const a = Date.now();',
    'no-restricted-properties',
  ),
  plant('the domain waits', 'src/domain/wait.ts', 'setTimeout(() => undefined, 1);', 'no-restricted-globals'),
  plant('a workflow imports Node', 'src/workflows/node.ts', use('node:crypto')),
  plant('a workflow imports zod', 'src/workflows/zod.ts', use('zod')),
  plant('a workflow imports a scoped package', 'src/workflows/orm.ts', use('@mikro-orm/core')),
  plant('a workflow imports the Temporal client', 'src/workflows/client.ts', use('@temporalio/client')),
  plant('a workflow imports db', 'src/workflows/rows.ts', use('../db/orm.ts')),
  plant('a workflow runs an activity itself', 'src/workflows/activity.ts', use('../activities/deps.ts')),
  plant('a workflow races promises', 'src/workflows/race.ts', 'await Promise.race([]);', 'no-restricted-properties'),
  plant('an activity imports the API', 'src/activities/api.ts', use('../api/keys.ts')),
  plant('an activity imports an adapter', 'src/activities/adapter.ts', use('../providers/acme/client.ts')),
  plant('an activity imports the registry', 'src/activities/registry.ts', use('../providers/registry.ts')),
  plant('an activity imports the Temporal client', 'src/activities/client.ts', use('@temporalio/client')),
  plant('an adapter imports another', 'src/providers/acme/sibling.ts', use('../other/client.ts')),
  plant('an adapter imports Express', 'src/providers/acme/express.ts', use('express')),
  plant('an adapter imports Temporal', 'src/providers/acme/temporal.ts', use('@temporalio/common')),
  plant('an adapter imports db', 'src/providers/acme/rows.ts', use('../../db/orm.ts')),
  plant('the provider folder imports db', 'src/providers/rows.ts', use('../db/orm.ts')),
  plant('db imports the API', 'src/db/api.ts', use('../api/keys.ts')),
  plant('db imports the provider port', 'src/db/port.ts', useType('../providers/port.ts')),
  plant('health imports an adapter', 'src/health/adapter.ts', use('../providers/acme/client.ts')),
  plant('health imports an activity', 'src/health/activity.ts', useType('../activities/deps.ts')),
  plant('crypto imports config', 'src/crypto/config.ts', use('../config.ts')),
  plant('the API imports an activity', 'src/api/activity.ts', use('../activities/deps.ts')),
  plant('a route imports the type of an activity', 'src/api/routes/a.ts', useType('../../activities/deps.ts')),
  plant('the API imports an adapter', 'src/api/adapter.ts', use('../providers/acme/client.ts')),
  plant('the API imports workflow code', 'src/api/workflow.ts', use('../workflows/start-subscription.ts')),
  plant('the worker imports the API', 'src/worker/api.ts', use('../api/keys.ts')),
  plant('the worker imports an adapter', 'src/worker/adapter.ts', use('../providers/acme/client.ts')),
  plant('the command line imports db', 'src/cli/rows.ts', use('../db/orm.ts')),
  plant('the command line imports the API', 'src/cli/commands/schema.ts', use('../../api/keys.ts')),
  plant('the launcher imports the domain', 'src/local/billing.ts', use('../domain/money.ts')),
  plant('the engine imports a package of ours', 'src/engine.ts', use('../packages/sandbox/src/app.ts')),
  plant('a package imports the engine', 'packages/sandbox/src/a.ts', use('../../../src/domain/money.ts')),
  plant('the environment read anywhere', 'src/api/env.ts', 'export const p = process.env;', 'no-process-env'),
  plant('a barrel', 'src/api/barrel.ts', `export * from './keys.ts';`, 'no-barrel-file'),
  plant('a floating promise', 'src/api/floats.ts', 'const f = async () => {};\nf();', 'no-floating-promises'),
  plant('any', 'src/api/any.ts', 'export const f = (x: any) => [x];', 'no-explicit-any'),
  plant('a silenced compiler', 'src/api/silent.ts', '// @ts-ignore\nexport const f = 1;', 'ban-ts-comment'),
  plant('an unfinished switch', 'src/api/half.ts', halfSwitch(), 'switch-exhaustiveness-check'),
  plant('a file of 401 lines', 'src/api/long.ts', 'export const a = 1;\n' + '\n// more\n'.repeat(200), 'max-lines'),
  plant('a mocked module', 'test/mocks.test.ts', mock(), 'no-restricted-properties'),
];

/** What the same folders may do. */
export const clean: readonly Pick<Plant, 'file' | 'text'>[] = [
  { file: 'src/domain/routing/fine.ts', text: use('../money.ts', './route.ts') },
  {
    file: 'src/workflows/fine.ts',
    text: `${useType('../activities/deps.ts')}\n${use('@temporalio/workflow', '@temporalio/common', '../domain/money.ts')}`,
  },
  {
    file: 'src/activities/fine.ts',
    text: use(
      '@mikro-orm/core',
      '@temporalio/activity',
      'node:crypto',
      '../db/queries/audit.ts',
      '../providers/port.ts',
    ),
  },
  {
    file: 'src/providers/acme/fine.ts',
    text: use('zod', 'node:crypto', '../http.ts', '../port.ts', '../../domain/money.ts'),
  },
  {
    file: 'src/api/routes/fine.ts',
    text: `${useType('../../workflows/checkout.ts')}\n${use('express', '../../workflows/start-options.ts', '../../workflows/messages.ts', '../../workflows/search-attributes.ts', '../../providers/port.ts', '../../policies.ts')}`,
  },
  { file: 'src/api/main.ts', text: `${use('../providers/directory.ts')}\nexport const port = process.env['PORT'];` },
  { file: 'src/worker/main.ts', text: use('../providers/directory.ts', '../activities/index.ts') },
  { file: 'src/local/seed-things.ts', text: use('../db/orm.ts', '../providers/port.ts') },
  { file: 'src/cli/commands/fine.ts', text: use('commander', 'node:fs', '../../present/amount-text.ts', '../api.ts') },
  { file: 'src/health/fine.ts', text: use('../db/orm.ts', '../domain/money.ts', '../providers/failures.ts') },
  { file: 'packages/sandbox/test/app.test.ts', text: use('../src/app.ts') },
];

function halfSwitch(): string {
  return `export function f(x: 'a' | 'b') {\n  switch (x) {\n    case 'a':\n      return 1;\n  }\n  return 2;\n}`;
}

function mock(): string {
  return `import { vi } from 'vitest';\nvi.mock('../src/config.ts');`;
}

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { behaviours } from '../../scripts/smoke/behaviours.ts';
import { createScene } from '../../scripts/smoke/behaviour.ts';
import { abilitiesOf, operationsOf, providerIds } from '../../src/providers/accounts.ts';
import type { Difference } from './openapi/check-exchange.ts';
import { checkerOf, documentFile, documentOf, explains, knownDifferenceRows } from './openapi/documents.ts';
import { soldSteps } from './openapi/sold-steps.ts';
import { createWorld, type World } from './support.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld({ records: true });
});
afterAll(() => world.close());

const can = (provider: string, needs: readonly string[]): boolean =>
  needs.every((operation) => operationsOf(provider).includes(operation));
const documented = providerIds().filter((provider) => documentOf(provider) !== null);

describe.each(
  documented.map((provider) => ({ provider, where: documentFile(provider) ? 'here' : 'not on this machine' })),
)('$provider and its official document ($where)', ({ provider }) => {
  describe.skipIf(documentFile(provider) === null)('over every operation', () => {
    it.each(behaviours.filter(({ needs }) => can(provider, needs)))('$name', async (behaviour) => {
      const scene = createScene({
        ...{
          provider,
          account: world.account(provider),
          abilities: abilitiesOf(provider),
          runId: 'doc',
          emailDomain: 'example.com',
        },
      });
      try {
        await behaviour.run(scene);
      } finally {
        await scene.finish();
      }
    });

    it.each(soldSteps.filter(({ needs }) => can(provider, needs)))('$name', async ({ run }) => {
      await run(world, provider);
    });

    it('agree in every exchange, but for what is listed with its reason', { timeout: 90_000 }, () => {
      const checker = checkerOf(provider);
      const basePath = new URL(world.baseUrl(provider)).pathname.replace(/\/$/, '');
      const used = new Set<object>();
      const unexplained = new Set<string>();
      for (const exchange of world.exchanges(provider))
        for (const found of checker.check(exchange, basePath)) {
          const known = knownDifferenceRows.find((row) => explains(row, provider, found));
          if (known) used.add(known);
          else unexplained.add(lineOf(found));
        }
      const unused = knownDifferenceRows.filter((row) => row.provider === provider && !used.has(row));
      expect({ unexplained: [...unexplained].toSorted(), unused }).toEqual({ unexplained: [], unused: [] });
    });

    it('have met in every operation that the port has here', () => {
      const seen = new Set(world.exchanges(provider).map(({ operation }) => operation));
      const notCalled = documentOf(provider)?.notCalled ?? {};
      const missing = operationsOf(provider).filter((operation) => !seen.has(operation) && !(operation in notCalled));
      expect(missing).toEqual([]);
      expect(Object.keys(notCalled).filter((operation) => seen.has(operation))).toEqual([]);
    });
  });
});

describe.each(providerIds().filter((provider) => documentOf(provider) === null))(
  '%s has no official OpenAPI document',
  (provider) => {
    it('so its types and its sheet alone are held against', () => {
      expect(knownDifferenceRows.filter((row) => row.provider === provider)).toEqual([]);
    });
  },
);

it('every listed difference is of a documented provider', () => {
  expect(knownDifferenceRows.filter((row) => !documented.includes(row.provider))).toEqual([]);
});

function lineOf({ operation, status, side, pointer, keyword, detail }: Difference): string {
  return `${operation} ${status} ${side} ${pointer} ${detail} [${keyword}]`;
}

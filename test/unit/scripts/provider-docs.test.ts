import { expect, it } from 'vitest';
import { operationWords } from '../../../scripts/provider-docs/operation-words.ts';
import { providerDocs } from '../../../scripts/provider-docs/provider-docs.ts';
import { moduleOf, operationsOf, providerIds } from '../../../src/providers/accounts.ts';

it('docs/providers.md says what the registry says', async () => {
  const { is, should } = await providerDocs();
  expect(is).toBe(should);
});

it('every operation that a provider has is told in words, and no other', () => {
  const told = Object.entries(operationWords).flatMap(([group, { operations }]) =>
    Object.keys(operations).map((operation) => `${group}.${operation}`),
  );
  expect(told.toSorted()).toEqual([...new Set(providerIds().flatMap(operationsOf))].toSorted());
});

it('every key of every provider stands in docs/providers.md', async () => {
  const { is } = await providerDocs();
  const keys = providerIds().flatMap((id) => Object.keys(moduleOf(id).credentials));
  expect(keys.filter((key) => !is.includes(`\`${key}\``))).toEqual([]);
});

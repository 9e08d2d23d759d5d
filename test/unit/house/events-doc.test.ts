import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { eventTypes, testEventType } from '../../../src/domain/events.ts';
import { retryGapsMs } from '../../../src/domain/outbound/retry-schedule.ts';

const doc = readFileSync(new URL('../../../docs/events.md', import.meta.url), 'utf8');

describe('docs/events.md', () => {
  it('lists every type that is told, in the order of the source, each with its words', () => {
    const rows = [...doc.matchAll(/^\| `([a-z_]+\.[a-z_]+)` +\| (.*?) +\| (.*?) +\|$/gm)];
    expect(rows.map(([, type]) => type)).toEqual([...eventTypes, testEventType]);
    for (const [, , when, data] of rows) expect(`${when}|${data}`).toMatch(/^\S.+\|\S.+$/);
  });

  it('tells the retry schedule as it is', () => {
    const text = /<!-- gaps -->([\s\S]*?)<!-- \/gaps -->/.exec(doc)?.[1] ?? '';
    const unitMs: Readonly<Record<string, number>> = { s: 1_000, min: 60_000, h: 3_600_000 };
    const gaps = [...text.matchAll(/(\d+)\s+(s|min|h)\b/g)].map(
      ([, count, unit]) => Number(count) * (unitMs[unit ?? ''] ?? 0),
    );
    expect(gaps).toEqual(retryGapsMs);
  });
});

import { expect, it } from 'vitest';
import { openTarget } from '../../bench/stack/open-target.ts';
import { playWeek } from '../../scripts/week/play-week.ts';
import { providerIds } from '../../src/providers/accounts.ts';

it('a scripted week at every provider leaves books that agree to the minor unit', async () => {
  const opened = await openTarget({ isOwn: true, print: () => undefined });
  try {
    const books = await playWeek(opened.target, { day: () => undefined, tell: () => undefined });
    expect(books.map(({ provider }) => provider)).toEqual(providerIds());
    for (const { lines } of books)
      for (const line of lines) expect(line).toMatchObject({ oursMinor: line.theirsMinor });
    for (const { lines } of books) expect(lines.find(({ kind }) => kind === 'charged')?.oursMinor).toBeGreaterThan(0);
  } finally {
    await opened.close();
  }
}, 240_000);

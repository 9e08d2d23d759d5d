import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitLines } from '../../../../src/api/usage/split-lines.ts';

async function linesOf(chunks: readonly Buffer[], maxLineBytes = 100) {
  const found: { number: number; text: string | null }[] = [];
  async function* stream() {
    yield* chunks;
  }
  for await (const lines of splitLines(stream(), maxLineBytes))
    for (const { number, bytes } of lines) found.push({ number, text: bytes?.toString() ?? null });
  return found;
}

describe('lines of a stream', () => {
  it('are the same however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.string({ maxLength: 8 })), fc.array(fc.nat({ max: 60 })), async (texts, cuts) => {
        const whole = Buffer.from(texts.map((text) => text.replaceAll('\n', '')).join('\n'));
        const points = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
        const chunks = points.slice(1).map((end, index) => whole.subarray(points[index], end));
        const expected = whole
          .toString()
          .split('\n')
          .map((text, index) => ({ number: index + 1, text }))
          .filter(({ text }) => /[^ \t\r]/.test(text));
        expect(await linesOf(chunks)).toEqual(expected);
      }),
    );
  });

  it('that are too long are told and not kept', async () => {
    const long = Array.from({ length: 50 }, () => Buffer.alloc(10, 'x'));
    expect(await linesOf([Buffer.from('a\n'), ...long, Buffer.from('\nb')])).toEqual([
      { number: 1, text: 'a' },
      { number: 2, text: null },
      { number: 3, text: 'b' },
    ]);
  });
});

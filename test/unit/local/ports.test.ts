import { once } from 'node:events';
import { createServer } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createPortChooser, isPortFree } from '../../../src/local/ports.ts';

async function aTakenPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

test('names a taken port and takes the next free one', async () => {
  const taken = await aTakenPort();
  const lines: string[] = [];
  const port = await createPortChooser((line) => lines.push(line))('the API', taken);
  expect(port).toBeGreaterThan(taken);
  expect(lines).toEqual([`! port ${taken} is taken: the API uses ${port}`]);
  expect(await isPortFree(port)).toBe(true);
});

test('gives no port twice', async () => {
  const choose = createPortChooser(() => undefined);
  const first = await choose('one', 0);
  expect(await choose('two', first)).not.toBe(first);
});

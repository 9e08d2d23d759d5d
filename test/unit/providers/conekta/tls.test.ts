import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { createConektaAccount } from '../../../../src/providers/conekta/account.ts';
import { createConektaApi } from '../../../../src/providers/conekta/client.ts';
import selfSigned from '../../../fixtures/conekta/self-signed-server.json' with { type: 'json' };

it('sends no key to a server that nobody vouches for', async () => {
  const seen: string[] = [];
  const server = createServer({ key: selfSigned.key, cert: selfSigned.certificate }, (request, response) => {
    seen.push(request.headers.authorization ?? '');
    response.end('{"id":"x","name":"Impostor"}');
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  try {
    const { port } = server.address() as AddressInfo;
    const api = createConektaApi({
      apiKey: 'key_x',
      baseUrl: `https://127.0.0.1:${port}`,
      http: { timeoutMs: 2000 },
    });
    await expect(createConektaAccount(api).check()).rejects.toMatchObject({
      code: 'provider_unreachable',
      kind: 'unavailable',
    });
    expect(seen).toEqual([]);
  } finally {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

import type { ProviderId } from '../core/types.ts';
import { type ApiRequest, header } from './answer.ts';

/** The account's key in a request: a bearer token, the user of basic authentication, or Fungies' public key. */
export function carriedKey(provider: ProviderId, request: ApiRequest): string | null {
  if (provider === 'fungies') return header(request, 'x-fngs-public-key');
  const [scheme = '', value = ''] = (header(request, 'authorization') ?? '').split(' ');
  switch (scheme.toLowerCase()) {
    case 'bearer':
      return value;
    case 'basic':
      return Buffer.from(value, 'base64').toString('utf8').split(':')[0] ?? null;
    default:
      return null;
  }
}

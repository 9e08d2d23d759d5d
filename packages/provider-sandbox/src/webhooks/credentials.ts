import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { base58, base62, hex } from '../core/ids.ts';
import type { Store } from '../core/store.ts';
import type { ProviderId } from '../core/types.ts';
import type { PolarKeyEra } from './signatures.ts';

export interface CredentialSet {
  id: string;
  adminToken: string;
  organizationId: string;
  stripe: { apiKey: string; secret: string; previous: { secret: string; untilMs: number } | null; accountId: string };
  polar: { apiKey: string; secret: string; era: PolarKeyEra };
  conekta: { apiKey: string; publicKey: string; privateKey: string; keyId: string };
  fungies: { publicKey: string; secretKey: string; secret: string };
}

export interface Credentials {
  current(): CredentialSet;
  rotate(provider: ProviderId, era: PolarKeyEra): Record<string, string>;
}

const DAY_MS = 86_400_000;

const stripeSecret = (): string => `whsec_${base62(32)}`;

function polarSecret(era: PolarKeyEra): string {
  return era === 'standard' ? `whsec_${randomBytes(32).toString('base64')}` : `polar_whs_${base62(43)}`;
}

const fungiesSecret = (): string => `whk_${base62(32)}`;

function rsaPair(): { publicKey: string; privateKey: string; keyId: string } {
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { ...pair, keyId: hex(24) };
}

function create(adminToken: string | undefined, organizationId: string): CredentialSet {
  return {
    id: 'credentials',
    adminToken: adminToken ?? `sandbox_admin_${base62(32)}`,
    organizationId,
    stripe: {
      apiKey: `sk_test_51${base62(22)}${base62(75)}`,
      secret: stripeSecret(),
      previous: null,
      accountId: `acct_1${base62(15)}`,
    },
    polar: { apiKey: `polar_oat_${base62(43)}`, secret: polarSecret('standard'), era: 'standard' },
    conekta: { apiKey: `key_${base58(22)}`, ...rsaPair() },
    fungies: { publicKey: `pub_${base62(40)}`, secretKey: `sec_${base62(40)}`, secret: fungiesSecret() },
  };
}

/** Keys are made once and kept with the state, so a restart keeps every client configured. */
export function createCredentials(store: Store, options: { adminToken?: string; organizationId: string }): Credentials {
  const stored = store.collection<CredentialSet>('sandbox/credentials');
  const set = stored.get('credentials') ?? stored.put(create(options.adminToken, options.organizationId));
  if (options.adminToken !== undefined && set.adminToken !== options.adminToken) {
    set.adminToken = options.adminToken;
    stored.put(set);
  }
  return {
    current: () => set,
    rotate(provider, era) {
      if (provider === 'stripe') {
        set.stripe.previous = { secret: set.stripe.secret, untilMs: Date.now() + DAY_MS };
        set.stripe.secret = stripeSecret();
      } else if (provider === 'fungies') set.fungies.secret = fungiesSecret();
      else if (provider === 'polar') Object.assign(set.polar, { secret: polarSecret(era), era });
      else Object.assign(set.conekta, rsaPair());
      stored.put(set);
      return provider === 'conekta'
        ? { webhook_public_key: set.conekta.publicKey }
        : { webhook_secret: set[provider].secret };
    },
  };
}

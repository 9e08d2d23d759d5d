import { generateKeyPairSync } from 'node:crypto';
import { base58, base62, bytes, hex, uuid, withIdsFrom } from '../core/ids.ts';
import type { RandomStream } from '../core/random.ts';
import { seededRsaPair } from '../core/seeded-rsa.ts';
import type { Store } from '../core/store.ts';
import { PROVIDERS, type ProviderId } from '../core/types.ts';
import type { PolarKeyEra } from './signatures.ts';

export interface CredentialSet {
  id: string;
  /** Of the whole sandbox: every account holds the same one. */
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

interface CredentialOptions {
  /** Absent: the stored one, or a new one. */
  adminToken?: string | undefined;
  keys: RandomStream;
}

const DAY_MS = 86_400_000;

const stripeSecret = (): string => `whsec_${base62(32)}`;

function polarSecret(era: PolarKeyEra): string {
  return era === 'standard' ? `whsec_${bytes(32).toString('base64')}` : `polar_whs_${base62(43)}`;
}

const fungiesSecret = (): string => `whk_${base62(32)}`;

function rsaPair(keys: RandomStream): { publicKey: string; privateKey: string; keyId: string } {
  if (keys.isSeeded) return { ...seededRsaPair(keys), keyId: hex(24) };
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { ...pair, keyId: hex(24) };
}

function create({ adminToken, keys }: CredentialOptions): CredentialSet {
  return {
    id: 'credentials',
    adminToken: adminToken ?? `sandbox_admin_${base62(32)}`,
    organizationId: uuid(),
    stripe: {
      apiKey: `sk_test_51${base62(22)}${base62(75)}`,
      secret: stripeSecret(),
      previous: null,
      accountId: `acct_1${base62(15)}`,
    },
    polar: { apiKey: `polar_oat_${base62(43)}`, secret: polarSecret('standard'), era: 'standard' },
    conekta: { apiKey: `key_${base58(22)}`, ...rsaPair(keys) },
    fungies: { publicKey: `pub_${base62(40)}`, secretKey: `sec_${base62(40)}`, secret: fungiesSecret() },
  };
}

/** Keys are made once and kept with the state, so a restart keeps every client configured. */
export function createCredentials(store: Store, options: CredentialOptions): Credentials {
  const { adminToken, keys } = options;
  const stored = store.collection<CredentialSet>('sandbox/credentials');
  const known = stored.get('credentials');
  // A state of before a provider was added has no keys for it: they are made, the others stay.
  const isWhole = known !== undefined && PROVIDERS.every((provider) => provider in known);
  const set = isWhole ? known : stored.put({ ...withIdsFrom(keys, () => create(options)), ...known });
  if (adminToken !== undefined && set.adminToken !== adminToken) {
    set.adminToken = adminToken;
    stored.put(set);
  }

  function renew(provider: ProviderId, era: PolarKeyEra): void {
    if (provider === 'stripe') {
      set.stripe.previous = { secret: set.stripe.secret, untilMs: Date.now() + DAY_MS };
      set.stripe.secret = stripeSecret();
    } else if (provider === 'fungies') set.fungies.secret = fungiesSecret();
    else if (provider === 'polar') Object.assign(set.polar, { secret: polarSecret(era), era });
    else Object.assign(set.conekta, rsaPair(keys));
  }

  return {
    current: () => set,
    rotate(provider, era) {
      withIdsFrom(keys, () => renew(provider, era));
      stored.put(set);
      return provider === 'conekta'
        ? { webhook_public_key: set.conekta.publicKey }
        : { webhook_secret: set[provider].secret };
    },
  };
}

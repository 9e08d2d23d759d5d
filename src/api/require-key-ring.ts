import type { KeyRing } from '../crypto/key-ring.ts';
import type { ApiDeps } from './deps.ts';
import { refusal } from './error-codes.ts';

/** @throws {BillingError} `encryption_not_configured`: secrets are kept sealed or not at all. */
export function requireKeyRing(deps: ApiDeps): KeyRing {
  if (deps.keyRing) return deps.keyRing;
  throw refusal('encryption_not_configured', 'Credentials are only kept encrypted: set ENCRYPTION_KEYS.');
}

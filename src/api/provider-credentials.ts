import ipaddr from 'ipaddr.js';
import type { AccountCredentials } from '../crypto/account-credentials.ts';
import type { CredentialField, ProviderDirectory } from '../providers/port.ts';
import { refusal } from './error-codes.ts';
import { sentence } from './schemas/parse.ts';

/**
 * Refuses credentials that would make no account, or one of another mode, or one that speaks to a machine of ours.
 *
 * @throws {BillingError} `validation_failed` with every fault, none of them quoting a value.
 */
export function checkCredentials(
  providers: ProviderDirectory,
  key: { readonly provider: string; readonly live: boolean },
  credentials: AccountCredentials,
  rules: { readonly isProduction: boolean },
): void {
  const known = providers.credentials(key.provider);
  const names = new Set(Object.entries(known).flatMap(([name, { previousKey }]) => [name, previousKey ?? name]));
  const faults = Object.keys(credentials)
    .filter((name) => !names.has(name))
    .map((name) =>
      fault(name, 'unknown_field', `There is no such credential. There are: ${Object.keys(known).join(', ')}.`),
    );
  if (rules.isProduction)
    for (const [name, value] of Object.entries(credentials))
      if (/^[a-z]+:\/\//i.test(value) && !isPublicHttps(value))
        faults.push(fault(name, 'invalid_value', 'Must be an https address of a public host.'));
  const made = providers.validate(key.provider, credentials);
  if ('faults' in made)
    faults.push(...made.faults.map(({ key: name, detail }) => fault(name, 'invalid_value', sentence(detail))));
  else if (made.live !== key.live)
    faults.push(
      fault(
        '',
        'wrong_mode',
        `These are ${made.live ? 'live' : 'test'} credentials, and the key is of the other mode.`,
      ),
    );
  if (faults.length > 0) throw refusal('validation_failed', 'The credentials are not right.', { faults });
}

/** New values over the old; where two are valid at a time, the old one stays beside the new. */
export function rotated(
  fields: Readonly<Record<string, CredentialField>>,
  before: AccountCredentials,
  changes: AccountCredentials,
): AccountCredentials {
  const kept: Record<string, string> = { ...before, ...changes };
  for (const [name, { previousKey }] of Object.entries(fields)) {
    const old = before[name];
    if (previousKey !== undefined && old !== undefined && name in changes && changes[name] !== old)
      kept[previousKey] = old;
  }
  return kept;
}

/** A literal address or a name without a dot is a machine of ours, not a provider. */
function isPublicHttps(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, hostname } = new URL(text);
  return (
    protocol === 'https:' &&
    hostname.includes('.') &&
    !ipaddr.isValid(hostname) &&
    !/\.(local|internal)$/.test(hostname)
  );
}

function fault(name: string, code: string, detail: string) {
  return { pointer: name === '' ? '/credentials' : `/credentials/${name}`, code, detail };
}

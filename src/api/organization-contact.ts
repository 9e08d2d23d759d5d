import type { Organization } from '../db/entities/organization.ts';
import { contactOf } from '../domain/contact.ts';
import type { ProviderAbilities } from '../domain/routing/abilities.ts';
import { refusal, type ErrorCode } from './error-codes.ts';

const codes = { email: 'email_required', name: 'name_required', phone: 'phone_required' } as const satisfies Record<
  string,
  ErrorCode
>;

/**
 * Refuses before a provider does: it makes nobody its customer without these.
 *
 * @throws {BillingError} `email_required`, `name_required`, `phone_required`
 */
export function requireContact(
  organization: Organization,
  defaultPhone: string | null,
  abilities: ProviderAbilities | null,
): void {
  const contact = contactOf(organization, defaultPhone);
  for (const field of abilities?.requires ?? [])
    if (contact[field] === null)
      throw refusal(codes[field], `The provider needs the ${field}: set it on the organization.`);
}

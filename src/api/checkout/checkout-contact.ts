import type { Organization } from '../../db/entities/organization.ts';
import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { fieldRefusal, type ErrorCode } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';

export interface Contact {
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
}

const codes = { email: 'email_required', name: 'name_required', phone: 'phone_required' } as const satisfies Record<
  string,
  ErrorCode
>;

/**
 * Who the buyer is, as the provider may want to know: from the body, else the organization; a missing name is the
 * e-mail's local part, a missing phone the project's.
 *
 * @param input.abilities Of the first provider to be asked.
 * @throws {BillingError} `email_required`, `name_required`, `phone_required`
 */
export function checkoutContact(input: {
  readonly body: CreateCheckoutBody;
  readonly organization: Organization;
  readonly defaultPhone: string | null;
  readonly abilities: ProviderAbilities | null;
}): Contact {
  const { body, organization } = input;
  const email = body.email ?? organization.email;
  const contact: Contact = {
    email,
    name: body.name ?? organization.name ?? email?.split('@')[0] ?? null,
    phone: body.phone ?? organization.phone ?? input.defaultPhone,
  };
  for (const field of input.abilities?.requires ?? [])
    if (contact[field] === null)
      throw fieldRefusal(codes[field], `/${field}`, `The provider that serves this checkout needs the ${field}.`);
  return contact;
}

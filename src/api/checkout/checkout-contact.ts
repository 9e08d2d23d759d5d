import type { Organization } from '../../db/entities/organization.ts';
import { contactOf, type Contact } from '../../domain/contact.ts';
import type { ProviderAbilities } from '../../domain/routing/abilities.ts';
import { fieldRefusal, type ErrorCode } from '../error-codes.ts';
import type { CreateCheckoutBody } from '../schemas/checkout.ts';

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
  readonly organization: Pick<Organization, 'email' | 'name' | 'phone'>;
  readonly defaultPhone: string | null;
  readonly abilities: ProviderAbilities | null;
}): Contact {
  const { body, organization } = input;
  const contact = contactOf(
    {
      email: body.email ?? organization.email,
      name: body.name ?? organization.name,
      phone: body.phone ?? organization.phone,
    },
    input.defaultPhone,
  );
  for (const field of input.abilities?.requires ?? [])
    if (contact[field] === null)
      throw fieldRefusal(codes[field], `/${field}`, `The provider that serves this checkout needs the ${field}.`);
  return contact;
}

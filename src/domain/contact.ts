export interface Contact {
  readonly email: string | null;
  readonly name: string | null;
  readonly phone: string | null;
}

/** Who pays, as a provider may want to know: a missing name is the e-mail's local part, a missing phone the project's. */
export function contactOf(known: Contact, defaultPhone: string | null): Contact {
  const { email, name, phone } = known;
  return { email, name: name ?? email?.split('@')[0] ?? null, phone: phone ?? defaultPhone };
}

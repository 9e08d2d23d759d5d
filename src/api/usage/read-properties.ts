import type { UsageEvent } from '../../domain/usage/event.ts';
import { wrong, type EventFault } from './event-fault.ts';

type Properties = NonNullable<UsageEvent['properties']>;

const maxProperties = 50;
const maxName = 40;
const maxText = 500;

/** What a text column does not take: NUL, and half of a surrogate pair. */
const unstorable = /[\0\p{Surrogate}]/u;

export function isStorable(text: string): boolean {
  return !unstorable.test(text);
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Whether these are an event's properties: flat, few and short. */
export function areProperties(value: unknown): value is Properties {
  return findPropertyFault(value) === null;
}

/** The first of them that is not right. */
export function findPropertyFault(value: unknown): EventFault | null {
  if (!isRecord(value)) return wrong('properties', 'must be an object.');
  const entries = Object.entries(value);
  if (entries.length > maxProperties) return wrong('properties', `must have at most ${maxProperties} members.`);
  for (const [name, entry] of entries) {
    if (name.length === 0 || name.length > maxName || !isStorable(name)) {
      const begin = name.slice(0, maxName).toWellFormed();
      return wrong('properties', `must have names of 1 to ${maxName} characters; one begins with "${begin}".`);
    }
    const detail = whatIsWrong(entry);
    if (detail !== null) return wrong(`properties/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`, detail);
  }
  return null;
}

function whatIsWrong(value: unknown): string | null {
  switch (typeof value) {
    case 'boolean':
      return null;
    case 'number': {
      const isExact = Number.isFinite(value) && (!Number.isInteger(value) || Number.isSafeInteger(value));
      return isExact ? null : 'is a number that JSON does not carry exactly: send it as text.';
    }
    case 'string':
      if (value.length > maxText) return `must have at most ${maxText} characters.`;
      return isStorable(value) ? null : 'has a character that cannot be stored.';
    default:
      return 'must be text, a number, true or false.';
  }
}

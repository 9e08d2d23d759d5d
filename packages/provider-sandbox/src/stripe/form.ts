export type FormValue = string | FormValue[] | { [key: string]: FormValue };
export type Form = { [key: string]: FormValue };

const UNSAFE = new Set(['__proto__', 'constructor', 'prototype']);

function segments(key: string): string[] {
  const open = key.indexOf('[');
  if (open < 0) return [key];
  return [key.slice(0, open), ...[...key.slice(open).matchAll(/\[([^\]]*)\]/g)].map((match) => match[1] ?? '')];
}

function child(holder: Form, key: string): Form {
  const found = holder[key];
  if (typeof found === 'object' && !Array.isArray(found)) return found;
  const made: Form = {};
  holder[key] = made;
  return made;
}

function put(root: Form, key: string, value: string): void {
  const path = segments(key);
  if (path.some((part) => UNSAFE.has(part))) return;
  let holder = root;
  path.forEach((part, at) => {
    const name = part === '' ? String(Object.keys(holder).length) : part;
    if (at === path.length - 1) holder[name] = value;
    else holder = child(holder, name);
  });
}

/** `{ "0": …, "1": … }` is how bracketed arrays arrive. */
function arraysOf(value: FormValue): FormValue {
  if (typeof value === 'string' || Array.isArray(value)) return value;
  const entries = Object.entries(value);
  if (entries.length > 0 && entries.every(([key]) => /^\d+$/.test(key))) {
    return entries.sort(([left], [right]) => Number(left) - Number(right)).map(([, item]) => arraysOf(item));
  }
  return Object.fromEntries(entries.map(([key, item]) => [key, arraysOf(item)]));
}

/** Decodes `a[b][0][c]=v` and `a[]=v`, as sent by Stripe's libraries and by hand. */
export function decodeForm(pairs: URLSearchParams): Form {
  const root: Form = {};
  for (const [key, value] of pairs) put(root, key, value);
  return Object.fromEntries(Object.entries(root).map(([key, value]) => [key, arraysOf(value)]));
}

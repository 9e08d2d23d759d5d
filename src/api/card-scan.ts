/**
 * Finds card numbers anywhere in a request, in values and in names of fields, so that none is ever stored or logged.
 *
 * A hit is 13–19 digits that pass the Luhn check, alone or in groups parted by a space, dash, dot or slash, standing by
 * themselves: digits inside an id, a token or a UUID do not count. Numbers that no card network has (ISO/IEC 7812: those
 * that begin with 0, 1, 7, 8, 9 or 20, among them Unix times, compact dates and most sequence ids) do not count either.
 *
 * @returns JSON pointer of the first hit, without the number itself.
 */
export function findCardNumber(value: unknown, pointer = ''): string | null {
  if (typeof value === 'string') return hasCardNumber(value, pointer) ? pointer : null;
  if (typeof value === 'number') return Number.isSafeInteger(value) && isCard(String(value)) ? pointer : null;
  if (typeof value !== 'object' || value === null) return null;
  for (const [name, entry] of Object.entries(value)) {
    if (hasCardNumber(name, pointer)) return pointer || '/';
    const hit = findCardNumber(entry, `${pointer}/${name.replaceAll('~', '~0').replaceAll('/', '~1')}`);
    if (hit !== null) return hit;
  }
  return null;
}

/**
 * Whether a text, JSON or not, could hold a card number at all: one pass, for what is too much to be looked through value
 * by value. `false` is certain. Escapes and everything beyond ASCII, where digits may hide, are answered `true`.
 */
export function mayHoldCardNumber(text: string): boolean {
  let digits = 0;
  let separators = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 48 && code <= 57) {
      digits += 1;
      separators = 0;
      if (digits === 13) return true;
      continue;
    }
    if (code > 127 || code === 92) return true;
    if (digits === 0) continue;
    // 4.2e15: a number may be longer than its text.
    if (digits >= 7 && (code === 69 || code === 101)) return true;
    separators += 1;
    if (separators > 3 || !isSeparator(code)) digits = separators = 0;
  }
  return false;
}

/** Space, dash, dot, slash. */
function isSeparator(code: number): boolean {
  return code === 32 || (code >= 45 && code <= 47);
}

/** Digits in groups of any length; not glued to letters, nor part of a dashed or dotted word. */
const digitRuns = /(?<![\p{L}\p{N}_]|[\p{L}\p{N}_][-.])\d+(?:[ \-./]{1,3}\d+)*(?![\p{L}\p{N}_]|[-.][\p{L}_])/gu;

function hasCardNumber(text: string, pointer: string): boolean {
  if (text.length < 13 || !mayHoldCardNumber(text)) return false;
  const plain = text.normalize('NFKC');
  if (digitsIn(plain) < 13) return false;
  for (const match of plain.matchAll(digitRuns)) {
    // International phone numbers have up to 15 digits and may pass the check by chance.
    const isPhone = pointer.endsWith('/phone') && plain[match.index - 1] === '+' && digitsIn(match[0]) <= 15;
    // Chat services number their servers and roles with 17 to 20 digits.
    const isChatId = /\/properties\/(guild|role)_id$/.test(pointer) && /^\d{17,20}$/.test(plain);
    if (!isPhone && !isChatId && hasCardInGroups(match[0].split(/\D+/))) return true;
  }
  return false;
}

function digitsIn(text: string): number {
  let count = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code >= 48 && code <= 57) count += 1;
  }
  return count;
}

/** A card number may be followed by its expiry or code: every stretch of whole groups is looked at. */
function hasCardInGroups(groups: readonly string[]): boolean {
  for (let start = 0; start < groups.length; start += 1) {
    let digits = '';
    for (let end = start; end < groups.length && digits.length < 20; end += 1) {
      digits += groups[end];
      if (isCard(digits)) return true;
    }
  }
  return false;
}

function isCard(digits: string): boolean {
  return digits.length >= 13 && digits.length <= 19 && /^(?:2[2-8]|[3-6])/.test(digits) && passesLuhn(digits);
}

function passesLuhn(digits: string): boolean {
  let sum = 0;
  for (let index = 0; index < digits.length; index += 1) {
    const digit = Number(digits[digits.length - 1 - index]);
    const doubled = index % 2 === 1 ? digit * 2 : digit;
    sum += doubled > 9 ? doubled - 9 : doubled;
  }
  return sum % 10 === 0;
}

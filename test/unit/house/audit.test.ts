import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

/** Acts that change nothing of ours: a repeat is asked for, a person looks. */
const withoutState = /'(event\.replayed|plans\.pushed|meters\.pushed|checkout\.refused)'/;

describe('the audit log', () => {
  it('says before and after wherever something changes', () => {
    const calls = sources('src').flatMap((path) => callsIn(readFileSync(path, 'utf8')).map((text) => ({ path, text })));
    expect(calls.length).toBeGreaterThan(30);
    const silent = calls.filter(
      ({ text }) => !/\b(after|before|more|told|input)\b/.test(text) && !withoutState.test(text),
    );
    expect(silent).toEqual([]);
  });
});

function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name));
}

/** The arguments of every call that makes an entry. */
function callsIn(text: string): string[] {
  return [...text.matchAll(/\b(?:recordAudit|auditEntry)\((?!em: Db|input: AuditInput)/g)].map(({ index }) => {
    let depth = 0;
    const rest = text.slice(text.indexOf('(', index));
    const end = [...rest].findIndex((char) => {
      if (char === '(') depth += 1;
      if (char === ')') depth -= 1;
      return depth === 0;
    });
    return rest.slice(0, end + 1);
  });
}

import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { providerTables } from './tables.ts';

export const providerDocsFile = fileURLToPath(new URL('../../docs/providers.md', import.meta.url));

const begin = '<!-- Generated from the registry by `npm run docs:providers`; a test holds it. -->';
const end = '<!-- End of what is generated. -->';

/** @returns the file as it is, and as it would be if it were written now; everything outside the markers stays. */
export async function providerDocs(): Promise<{ readonly is: string; readonly should: string }> {
  const is = readFileSync(providerDocsFile, 'utf8');
  const [before, rest] = is.split(begin);
  const [, after] = (rest ?? '').split(end);
  if (before === undefined || after === undefined) throw new Error(`${providerDocsFile} has lost its markers`);
  const text = `${before}${begin}\n\n${providerTables()}\n\n${end}${after}`;
  const style = await resolveConfig(providerDocsFile);
  return { is, should: await format(text, { ...style, parser: 'markdown' }) };
}

import { writeFileSync } from 'node:fs';
import { providerDocs, providerDocsFile } from './provider-docs/provider-docs.ts';

const usage = `npm run docs:providers -- [--check]

Writes the tables of docs/providers.md from the registry. --check writes nothing and fails when they are old.`;

const { is, should } = await providerDocs();
if (process.argv.includes('--help')) console.log(usage);
else if (is === should) console.log('docs/providers.md is up to date');
else if (process.argv.includes('--check')) {
  console.error('docs/providers.md is old: npm run docs:providers');
  process.exitCode = 1;
} else {
  writeFileSync(providerDocsFile, should);
  console.log('docs/providers.md written');
}

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { parseJson, textAt } from './json.ts';
import { run } from './run.ts';
import { openTerminal } from './terminal.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const version = textAt(parseJson(readFileSync(`${root}package.json`, 'utf8')), 'version') ?? 'unknown';

// Not process.exit: what was written must leave first.
process.exitCode = await run(process.argv.slice(2), { terminal: openTerminal(homedir()), root, version });

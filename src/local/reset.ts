import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { readApiUrl } from './dev-file.ts';
import { stateDirFrom } from './stack-options.ts';
import { endLeftovers, findOwner } from './state-lock.ts';

const usage = `npm run reset

Empties the launcher's state (.plinto, or PLINTO_STATE_DIR): database, workflows, sandbox, keys and logs.
Refuses while npm start is running.`;

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) console.log(usage);
else process.exitCode = await reset(stateDirFrom(process.env));

async function reset(stateDir: string): Promise<number> {
  if (findOwner(stateDir) !== null) {
    console.error(`✗ Running (${readApiUrl(stateDir) ?? 'it is starting'}): end it with Ctrl-C first.`);
    return 1;
  }
  await endLeftovers(stateDir, (line) => console.log(line));
  const entries = listEntries(stateDir);
  for (const entry of entries) rmSync(join(stateDir, entry), { recursive: true, force: true });
  console.log(
    entries.length === 0 ? `Nothing to remove in ${stateDir}.` : `Removed from ${stateDir}: ${entries.join(', ')}.`,
  );
  return 0;
}

function listEntries(dir: string): string[] {
  try {
    return readdirSync(dir).sort();
  } catch {
    return [];
  }
}

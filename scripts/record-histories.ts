import { readdir, rm, writeFile } from 'node:fs/promises';
import { historyToJSON } from '@temporalio/common/lib/proto-utils.js';
import { startSystem, type System } from '../test/integration/support.ts';
import { checkoutStories } from './histories/checkouts.ts';
import { meterStories } from './histories/meters.ts';
import { migrationPaperStories } from './histories/migration-papers.ts';
import { migrationStories } from './histories/migrations.ts';
import { reconciliationStories } from './histories/reconciliations.ts';
import { shortStories } from './histories/short-workflows.ts';
import { subscriptionStories } from './histories/subscriptions.ts';
import { usageStories } from './histories/usage.ts';

const groups = {
  checkouts: checkoutStories,
  subscriptions: subscriptionStories,
  reconciliations: reconciliationStories,
  usage: usageStories,
  meters: meterStories,
  papers: migrationPaperStories,
  migrations: migrationStories,
  short: shortStories,
};

/**
 * Plays each story on the whole system and keeps its workflows' histories in `test/replay/histories`. Run it when a
 * workflow is released; never to make a failing replay pass. Arguments name groups of stories: then only theirs are
 * replaced.
 */
const wanted = process.argv.slice(2);
const chosen = Object.entries(groups).filter(([name]) => wanted.length === 0 || wanted.includes(name));
const folder = new URL('../test/replay/histories/', import.meta.url);
const system = await startSystem();
try {
  const files = new Map<string, string>();
  for (const play of chosen.flatMap(([, stories]) => stories))
    for (const [name, workflowId] of Object.entries(await play(system))) await record(system, name, workflowId, files);
  // All or none: a story that went wrong leaves the old ones in place.
  if (wanted.length === 0) for (const old of await readdir(folder)) await rm(new URL(old, folder));
  for (const [name, text] of files) await writeFile(new URL(`${name}.json`, folder), text);
  console.log(`${files.size} histories are kept`);
} finally {
  await system.end();
}

async function record(at: System, name: string, workflowId: string, files: Map<string, string>): Promise<void> {
  const handle = at.temporal.workflow.getHandle(workflowId);
  // A subscription lives on: its story so far ends with the last look and a timer.
  if (workflowId.startsWith('subscription/')) await new Promise((resolve) => setTimeout(resolve, 2_000));
  else await handle.result();
  const runs = [];
  for await (const run of at.temporal.workflow.list({ query: `WorkflowId = '${workflowId}'` })) runs.unshift(run);
  for (const [index, { runId }] of runs.entries()) {
    const history = await at.temporal.workflow.getHandle(workflowId, runId).fetchHistory();
    const file = runs.length === 1 ? name : `${name}-${index + 1}`;
    files.set(file, historyToJSON(history));
    console.log(`${file}: ${history.events?.length ?? 0} events`);
  }
}

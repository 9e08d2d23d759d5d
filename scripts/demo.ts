import { parseArgs } from 'node:util';
import { attachOrStart } from './demo/attach-or-start.ts';
import { createStory } from './demo/story.ts';
import { playVisitor, visitors } from './demo/visitors.ts';

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' } } });
if (values.help) {
  console.log(`Usage: npm run demo

Starts what is not running, makes one checkout each for a US, a Mexican and a Russian visitor, pays them on the
sandbox's pages and tells each story as it happens. Exit code 0 only if all three are paid.`);
  process.exit(0);
}

const stack = await attachOrStart();
const story = createStory();
let paid = 0;
for (const visitor of visitors) {
  try {
    if (await playVisitor(visitor, stack.dev, story)) paid += 1;
  } catch (error) {
    story.fail(error instanceof Error ? error.message : String(error));
  }
}
story.end(paid, visitors.length, stack.dev.temporal_ui_url);
await stack.stop();
process.exit(paid === visitors.length ? 0 : 1);

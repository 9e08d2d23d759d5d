import { readdir, readFile } from 'node:fs/promises';
import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, it } from 'vitest';
import { workflowBundle } from '../../src/worker/workflow-bundle.ts';
import * as workflows from '../../src/workflows/index.ts';

Runtime.install({
  logger: new DefaultLogger('ERROR'),
  telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' } } },
});

const folder = new URL('./histories/', import.meta.url);
const files = (await readdir(folder)).filter((name) => name.endsWith('.json'));
interface RecordedEvent {
  readonly eventType: string;
  readonly workflowExecutionStartedEventAttributes?: { readonly workflowType: { readonly name: string } };
}
const read = async (name: string): Promise<{ readonly events: readonly RecordedEvent[] }> =>
  JSON.parse(await readFile(new URL(name, folder), 'utf8')) as { events: RecordedEvent[] };

let bundle: Awaited<ReturnType<typeof workflowBundle>>;
beforeAll(async () => {
  bundle = await workflowBundle(undefined);
});
const replay = (history: unknown) => Worker.runReplayHistory({ workflowBundle: bundle }, history);

/** Recorded by `node scripts/record-histories.ts` from the released code; a change that breaks one needs `patched()`. */
describe('a history recorded earlier', () => {
  it('is there for every workflow', async () => {
    const histories = await Promise.all(files.map(read));
    const types = histories.map(
      ({ events: [begun] }) => begun?.workflowExecutionStartedEventAttributes?.workflowType.name,
    );
    expect(new Set(types)).toEqual(new Set(Object.keys(workflows)));
  });

  it.each(files)('%s replays on the code of today', async (name) => {
    await replay(await read(name));
  });

  it('would not replay on other code', async () => {
    const history = await read('checkout-paid.json');
    const events = history.events.filter(({ eventType }) => eventType !== 'EVENT_TYPE_TIMER_STARTED');
    await expect(replay({ events })).rejects.toThrow();
  });
});

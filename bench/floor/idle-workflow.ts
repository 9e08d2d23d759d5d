import { condition, defineSignal, proxySinks, setHandler, type Sinks } from '@temporalio/workflow';

export interface CountSinks extends Sinks {
  heard: { one(): void };
}

const nudge = defineSignal('nudge');
const { heard } = proxySinks<CountSinks>();

/** Waits for one signal and counts it: what a renewal would cost if it did nothing. */
export async function idle(): Promise<void> {
  let isNudged = false;
  setHandler(nudge, () => {
    isNudged = true;
  });
  await condition(() => isNudged);
  heard.one();
  await condition(() => false);
}

import { condition, defineUpdate, setHandler } from '@temporalio/workflow';

const opened = defineUpdate<{ readonly status: string }>('opened');

/** Answers one update and ends: what a checkout would cost if it did nothing. */
export async function empty(): Promise<void> {
  let isAsked = false;
  setHandler(opened, () => {
    isAsked = true;
    return { status: 'open' };
  });
  await condition(() => isAsked);
}

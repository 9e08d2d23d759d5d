import { Context } from '@temporalio/activity';

const everyMs = 5_000;

/** Tells the engine that the worker lives while the work goes on, so that a killed one is noticed soon. */
export function heartbeating<Input, Output>(
  work: (input: Input) => Promise<Output>,
): (input: Input) => Promise<Output> {
  return async (input) => {
    const context = Context.current();
    const beat = setInterval(() => context.heartbeat(), everyMs);
    try {
      return await work(input);
    } finally {
      clearInterval(beat);
    }
  };
}

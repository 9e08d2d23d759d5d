import type { RolloutStage } from './rollout.ts';

/** Each stage has at least whom the one of its kind before had: a smaller one would change nothing. null: they are right. */
export function stageFault(
  stages: readonly RolloutStage[],
): { readonly index: number; readonly because: string } | null {
  let percent = 0;
  let customers = 0;
  for (const [index, stage] of stages.entries())
    switch (stage.kind) {
      case 'percent':
        if (stage.percent <= percent) return { index, because: `Must be above ${percent} %, the stage before.` };
        percent = stage.percent;
        break;
      case 'first':
        if (stage.customers <= customers) return { index, because: `Must be above ${customers}, the stage before.` };
        customers = stage.customers;
        break;
      case 'organizations':
        break;
    }
  return null;
}

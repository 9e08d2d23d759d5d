import type { RolloutSettings, RolloutStage } from './rollout.ts';

/** `2 of 4 (10 %)`. */
export function describeStage({
  settings,
  stage,
}: {
  readonly settings: RolloutSettings;
  readonly stage: number;
}): string {
  const found = settings.stages[stage];
  const name = found === undefined ? '' : ` (${nameStage(found)})`;
  return `${stage + 1} of ${settings.stages.length}${name}`;
}

function nameStage(stage: RolloutStage): string {
  switch (stage.kind) {
    case 'percent':
      return `${stage.percent} %`;
    case 'first':
      return `the first ${stage.customers} customers`;
    case 'organizations':
      return `${stage.organizations.length} named organizations`;
  }
}

/** A share as `90.1 %`. */
export const percent = (share: number) => `${Number((share * 100).toFixed(1))} %`;

/** A difference of shares as `−2.5 points` or `+1 points`. */
export function points(difference: number): string {
  const value = Number((Math.abs(difference) * 100).toFixed(1));
  return `${value === 0 ? '' : difference < 0 ? '−' : '+'}${value} points`;
}

/** `1 h 5 min`, `2 d 3 h`: of at least a day without the minutes. */
export function describeMinutes(minutes: number): string {
  const whole = Math.max(0, Math.ceil(minutes));
  const [days, hours, rest] = [Math.floor(whole / 1_440), Math.floor(whole / 60) % 24, whole % 60];
  const parts = [
    days > 0 ? `${days} d` : '',
    hours > 0 ? `${hours} h` : '',
    rest > 0 && days === 0 ? `${rest} min` : '',
  ].filter((part) => part !== '');
  return parts.length === 0 ? '0 min' : parts.join(' ');
}

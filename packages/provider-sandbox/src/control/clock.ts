import { z } from 'zod';
import { isKept, type SandboxCore } from '../context.ts';
import type { Accounts } from '../accounts.ts';
import { addDuration } from '../core/duration.ts';
import { ControlFailure } from './control-route.ts';

export const clockInput = z
  .strictObject({ now: z.iso.datetime({ offset: true }).optional(), advance: z.string().optional() })
  .refine((body) => (body.now === undefined) !== (body.advance === undefined), 'give either `now` or `advance`');

export function clockView({ clock }: SandboxCore): { now: string; offset_ms: number } {
  return { now: clock.nowIso(), offset_ms: clock.offsetMs };
}

/** Moves the providers' time, and does what became due on the way. */
export function moveClock(core: SandboxCore, { now, advance }: z.output<typeof clockInput>) {
  const { clock, agenda } = core;
  const to = now === undefined ? addDuration(clock.nowMs(), advance ?? '') : Date.parse(now);
  if (to === null) throw new ControlFailure(422, `\`advance\` is no ISO 8601 duration: ${String(advance)}`);
  clock.moveTo(to);
  return { ...clockView(core), ran: agenda.runDue() };
}

/** Empties every account but for its keys and receivers, and returns to wall time. */
export function reset(core: SandboxCore, accounts: Accounts): void {
  core.store.clear(isKept);
  core.agenda.forget();
  core.clock.reset();
  core.random.restart();
  for (const { targets } of accounts.all().map(({ sandbox }) => sandbox)) targets.configure(targets.configured());
}

import { setHandler } from '@temporalio/workflow';
import type { ProviderProgress, UsageReportProgress } from '../activities/begin-usage-report.ts';
import type { UsageReportPhase, UsageReportStatus } from '../domain/usage/report.ts';
import { usageReportQuery, type UsageReportCarried, type UsageReportInput, type UsageReportState } from './messages.ts';
import { openStory } from './run-story.ts';

/** Where operators see how far a report is. Its handlers are set at once, before anything is awaited. */
export function openUsageDesk(input: UsageReportInput) {
  let providers: readonly ProviderProgress[] = [];
  const away = [...(input.carried?.away ?? [])];
  const { carried, change, close, show, state, tell } = openStory<UsageReportState>({
    first: { status: 'requested', phase: 'collect', received: 0, reported: 0, rejected: 0, pending: 0 },
    story: input.carried?.story ?? [],
    headlines: (now) => [headline(now), ...providers.map(lineOf)],
  });
  setHandler(usageReportQuery, state, { description: 'How far it is' });

  return {
    /** By its rows. */
    read(row: UsageReportProgress): void {
      providers = row.providers;
      change({ status: row.status, phase: row.phase, ...row.counts });
    },
    enter(phase: UsageReportPhase): void {
      change({ phase });
      tell(phaseWords[phase]);
    },
    collected(received: number): void {
      change({ received, pending: received });
    },
    /** Between readings of the rows: what one batch did. */
    sent(provider: string, done: { readonly reported: number; readonly rejected: number }): void {
      providers = providers.map((each) =>
        each.provider !== provider
          ? each
          : {
              ...each,
              reported: each.reported + done.reported,
              rejected: each.rejected + done.rejected,
              pending: Math.max(0, each.pending - done.reported - done.rejected),
            },
      );
      show();
    },
    tell,
    /** A provider gave up: what it was not told stays for the next report. */
    leave(provider: string, { code, message }: { readonly code: string; readonly message: string }): void {
      away.push({ provider, code, message });
      tell(`${provider} is left for the next report: ${code}`);
    },
    away: () => away,
    isAway: (provider: string) => away.some((each) => each.provider === provider),
    close(
      status: UsageReportStatus,
      counts: UsageReportProgress['counts'],
      failure: { readonly code: string } | null,
    ): void {
      change({ status, phase: 'done', ...counts });
      close(failure);
    },
    carried: (): UsageReportCarried => ({ away, story: carried() }),
  };
}

const phaseWords: Readonly<Record<UsageReportPhase, string>> = {
  collect: 'collects events',
  send: 'tells the providers',
  compare: 'compares with what they counted',
  done: 'done',
};

function headline({ status, phase, received, reported, rejected, pending }: UsageReportState): string {
  return `**${status}** in ${phase}: ${received} events, ${reported} reported, ${rejected} rejected, ${pending} pending`;
}

function lineOf({ provider, items, reported, rejected, pending }: ProviderProgress): string {
  const who = provider ?? 'billed by nobody';
  return `${who}: ${items} items, ${reported} reported, ${rejected} rejected, ${pending} pending`;
}

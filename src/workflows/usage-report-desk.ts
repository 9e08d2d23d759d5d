import { setCurrentDetails, setHandler, upsertSearchAttributes } from '@temporalio/workflow';
import type { ProviderProgress, UsageReportProgress } from '../activities/begin-usage-report.ts';
import type { UsageReportPhase, UsageReportStatus } from '../domain/usage/report.ts';
import {
  usageReportQuery,
  whyQuery,
  type UsageReportCarried,
  type UsageReportInput,
  type UsageReportState,
} from './messages.ts';
import { searchAttributes } from './search-attributes.ts';

const rememberedLines = 20;

/** Where operators see how far a report is. Its handlers are set at once, before anything is awaited. */
export function openUsageDesk(input: UsageReportInput) {
  let state: UsageReportState = {
    ...{ status: 'requested', phase: 'collect', received: 0, reported: 0, rejected: 0, pending: 0 },
  };
  let providers: readonly ProviderProgress[] = [];
  const lines = [...(input.carried?.story ?? [])];
  const away = [...(input.carried?.away ?? [])];
  setHandler(usageReportQuery, () => state, { description: 'How far it is' });
  setHandler(whyQuery, () => (lines.length === 0 ? 'starting' : lines.join('\n')), {
    description: 'The story so far',
  });

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
      tell(failure === null ? `**${status}**` : `**${status}**: ${failure.code}`);
      upsertSearchAttributes([{ key: searchAttributes.status, value: status }]);
    },
    carried: (): UsageReportCarried => ({ away, story: lines.slice(-rememberedLines) }),
  };

  function tell(line: string): void {
    lines.push(`${new Date().toISOString()} ${line}`);
    show();
  }

  function change(what: Partial<UsageReportState>): void {
    state = { ...state, ...what };
    show();
  }

  function show(): void {
    setCurrentDetails([headline(state), ...providers.map(lineOf), ...lines.slice(-rememberedLines)].join('\n\n'));
  }
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

import { createReport, type Report, type Row, type Target as Goal } from '../report/report.ts';
import { startEmptyWorker } from '../floor/start-floor.ts';
import { warmOrganizations } from './organizations.ts';
import { measureHistories } from './histories.ts';
import { measureIsolation } from './isolation.ts';
import { measureLatency, providerMs } from './latency.ts';
import type { BenchInput } from '../stack/bench-input.ts';

const warmUpSeconds = 20;

export interface CheckoutBenchInput extends BenchInput {
  readonly rates: readonly number[];
  readonly seconds: number;
}

/** Checkout latency beside the empty update-with-start, history sizes, and what a hanging provider does to another. */
export async function runCheckoutBench(input: CheckoutBenchInput): Promise<Report> {
  const { target, rates, seconds, print } = input;
  print('warming up: every organization becomes a customer at its provider');
  const organizations = await warmOrganizations(target);
  const floor = await startEmptyWorker(target.temporal_address, target.temporal_namespace);
  const rows: Row[] = [];
  const goals: Goal[] = [];
  const facts: Record<string, unknown> = {};
  try {
    // A process that has served for a while runs compiled code, and so does the floor's: what is cold is not measured.
    print('warming up: the same, unmeasured');
    await measureLatency({ target, organizations, floor, rate: Math.max(...rates), seconds: warmUpSeconds });
    for (const rate of rates) {
      print(`checkouts at ${rate}/s for ${seconds} s, and their floor`);
      const measured = await measureLatency({ target, organizations, floor, rate, seconds });
      rows.push(...measured.rows);
      goals.push(measured.goal);
      facts[`rate_${rate}`] = measured.facts;
    }
  } finally {
    await floor.stop();
  }
  print('histories of paid checkouts');
  const histories = await measureHistories(target, organizations);
  goals.push(...histories.goals);
  facts['histories'] = histories.facts;
  print('one provider hangs, another is measured');
  const isolation = await measureIsolation({ target, organizations, seconds, print });
  rows.push(...isolation.rows);
  goals.push(isolation.goal);
  facts['isolation'] = isolation.facts;
  return createReport({ bench: 'checkout', method: methodOf(input), rows, facts, targets: goals });
}

function methodOf({ whose, rates, seconds }: CheckoutBenchInput): readonly string[] {
  return [
    `On ${whose}: open loop at ${rates.join(' and ')}/s, ${seconds} s each; one generator process, keep-alive, an Idempotency-Key each.`,
    `Before them ours and the floor run ${warmUpSeconds} s unmeasured, at the highest rate.`,
    'One-time checkouts of US, MX and RU in turn, so every provider of the default policy has a third.',
    `Each provider call sleeps ${providerMs} ms in the sandbox; calls are counted by its fault's hits. The sandbox's own median from arrival to answer is taken off for the target.`,
    'Floor: empty update-with-start, own worker process, same Temporal, half before and half after our run.',
  ];
}

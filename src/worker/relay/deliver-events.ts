import {
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowNotFoundError,
  type Client,
} from '@temporalio/client';
import type { Logger } from 'pino';
import type { Db } from '../../db/orm.ts';
import type { LateFactInput } from '../../workflows/apply-late-fact.ts';
import { providerFactsSignal, type ProviderFact } from '../../workflows/messages.ts';
import { refusedUsage } from '../../providers/port.ts';
import { lateFactStart, refusedUsageStart, strayStart } from '../../workflows/start-options.ts';
import { claimEvents, recordOutcomes, type ClaimedEvent, type EventOutcome, type Outcome } from './claim-events.ts';
import { findTargets, type Target } from './find-target.ts';

export interface RelayDeps {
  readonly em: () => Db;
  readonly temporal: Client;
  readonly logger: Logger;
}

/** A provider's message may run ahead of our own commit: this many tries before it is taken for somebody else's. */
const triesWithoutTarget = 6;
const triesInAll = 15;

/** 1 s, 2 s, 4 s … at most 10 minutes. */
function backoffMs(attempts: number): number {
  return Math.min(600_000, 1_000 * 2 ** (attempts - 1));
}

/** Forwards one batch of waiting events. @returns how many were taken; ask again at once when it was a full batch. */
export async function deliverEvents(deps: RelayDeps, options: { limit: number; leaseMs: number }): Promise<number> {
  const claimed = await claimEvents(deps.em(), options);
  const events = claimed.toSorted((a, b) => (a.id < b.id ? -1 : 1));
  const groups = await groupByTarget(deps, events);
  const outcomes = await Promise.all(groups.map((group) => deliverGroup(deps, group)));
  await recordOutcomes(deps.em(), outcomes.flat());
  return events.length;
}

interface Group {
  readonly target: Target | null;
  readonly events: ClaimedEvent[];
}

async function groupByTarget(deps: RelayDeps, events: readonly ClaimedEvent[]): Promise<readonly Group[]> {
  const groups = new Map<string, Group>();
  const targets = await findTargets(deps.em(), events);
  for (const event of events) {
    const target = targets.get(event.id) ?? null;
    const key = target?.workflowId ?? event.id;
    const group = groups.get(key) ?? { target, events: [] };
    group.events.push(event);
    groups.set(key, group);
  }
  return [...groups.values()];
}

async function deliverGroup(deps: RelayDeps, { target, events }: Group): Promise<readonly EventOutcome[]> {
  const outcome = await deliverTo(deps, target, events).catch((error: unknown) => failed(deps, events, error));
  return events.map(({ id }) => ({ id, outcome }));
}

async function deliverTo(deps: RelayDeps, target: Target | null, events: readonly ClaimedEvent[]): Promise<Outcome> {
  const [only] = events;
  if (only?.objectKind === refusedUsage)
    return { status: 'delivered', deliveredTo: await noteRefusedUsage(deps, only) };
  if (target === null) return withoutTarget(events);
  const facts = events.map(asFact);
  if (target.kind === 'stray')
    return { status: 'delivered', deliveredTo: await tellStray(deps, target, events, facts) };
  try {
    await deps.temporal.workflow.getHandle(target.workflowId).signal(providerFactsSignal, facts);
    return { status: 'delivered', deliveredTo: target.workflowId };
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError)) throw error;
  }
  if (target.isStarting) return waiting(events, `${target.workflowId} has not started yet`);
  return { status: 'delivered', deliveredTo: await startLateFact(deps, target, events, facts) };
}

/** Whoever looks after it hears of it, or begins to: what was settled long ago is looked at once more. */
async function tellStray(
  deps: RelayDeps,
  { id: checkoutId, organizationId, country }: Target,
  events: readonly ClaimedEvent[],
  facts: readonly ProviderFact[],
): Promise<string> {
  const [first] = events;
  if (first === undefined) throw new Error('a group has at least one event');
  const { projectId, live, provider } = first;
  const start = strayStart({ projectId, live, organizationId, checkoutId, provider, country });
  await deps.temporal.workflow.signalWithStart('resolveStray', {
    ...{ ...start, workflowIdReusePolicy: 'ALLOW_DUPLICATE' },
    ...{ signal: providerFactsSignal, signalArgs: [facts] },
  });
  return start.workflowId;
}

/** A notice is about no one object of ours: what it names is read, and the items of it are ours. */
async function noteRefusedUsage(deps: RelayDeps, event: ClaimedEvent): Promise<string> {
  const { id, projectId, live, provider, objectId: noticeId } = event;
  const start = refusedUsageStart({ projectId, live, provider, noticeId }, id);
  try {
    await deps.temporal.workflow.start('noteRefusedUsage', { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return start.workflowId;
}

async function startLateFact(
  deps: RelayDeps,
  target: Target,
  events: readonly ClaimedEvent[],
  facts: readonly ProviderFact[],
): Promise<string> {
  const [first] = events;
  if (first === undefined) throw new Error('a group has at least one event');
  const { projectId, live, provider } = first;
  const { organizationId, country, kind } = target;
  if (kind === 'stray') throw new Error('a stray session has a workflow of its own');
  const input: LateFactInput = {
    projectId,
    live,
    organizationId,
    provider,
    country,
    target: { kind, id: target.id },
    facts,
  };
  const start = lateFactStart(input, first.id, `${first.type} after ${target.workflowId} had ended`);
  try {
    await deps.temporal.workflow.start('applyLateFact', { ...start, workflowIdReusePolicy: 'REJECT_DUPLICATE' });
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
  }
  return start.workflowId;
}

function withoutTarget(events: readonly ClaimedEvent[]): Outcome {
  if (attemptsOf(events) < triesWithoutTarget) return waiting(events, 'nothing of ours has this id yet');
  return { status: 'ignored', why: 'it is about nothing we know' };
}

function failed(deps: RelayDeps, events: readonly ClaimedEvent[], error: unknown): Outcome {
  const why = error instanceof Error ? error.message : String(error);
  deps.logger.warn({ err: error, events: events.map(({ id }) => id) }, 'webhook events could not be delivered');
  // The engine being away says nothing about the event: it waits for as long as that takes.
  if (error instanceof ServiceError || attemptsOf(events) < triesInAll) return waiting(events, why);
  return { status: 'set_aside', why };
}

function waiting(events: readonly ClaimedEvent[], why: string): Outcome {
  return { status: 'received', why, waitMs: backoffMs(attemptsOf(events)) };
}

function attemptsOf(events: readonly ClaimedEvent[]): number {
  return Math.max(...events.map(({ attempts }) => attempts));
}

function asFact(event: ClaimedEvent): ProviderFact {
  return { id: event.id, type: event.type, kind: event.objectKind, objectId: event.objectId };
}

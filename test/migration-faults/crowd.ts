import { setTimeout as sleep } from 'node:timers/promises';
import type { SandboxClient } from '../../bench/clients/sandbox.ts';
import { runCustomer, tooLate, type CustomerHands, type Story } from './customer.ts';
import type { Inbox } from './inbox.ts';
import { legacyIdsOf } from './legacy.ts';
import { remindAfterMinutes, type CustomerPlan, type MigrationFaultPlan } from './plan.ts';
import type { ProviderApi } from './provider-api.ts';

interface Crowd {
  /** Everybody who was told has done what they do. */
  settle(): Promise<void>;
  /** By organization; who was never told is absent. */
  readonly stories: ReadonlyMap<string, Story>;
  readonly faults: readonly string[];
}

/** After these a customer who waits for a reminder, or for the deadline, waits no longer. */
const lateMs = 20_000;
const longestWaitMs = 120_000;

/** The customers of a run: each acts once the app has told them, and only in the first migration. */
export function gatherCrowd(
  plan: MigrationFaultPlan,
  world: { readonly inbox: Inbox; readonly sandbox: SandboxClient; readonly providers: ProviderApi },
): Crowd {
  const { inbox, sandbox, providers } = world;
  const customers = new Map(plan.customers.map((customer) => [customer.organizationId, customer]));
  const stories = new Map<string, Story>();
  const faults: string[] = [];
  const reminders = new Map<string, () => void>();
  const acting = new Map<string, Promise<void>>();
  inbox.onReminder = (organizationId) => reminders.get(organizationId)?.();
  inbox.onNotice = (organizationId, { link }) => {
    const customer = customers.get(organizationId);
    if (customer === undefined) return void faults.push(`${organizationId}, whom nobody knows, was told`);
    if (acting.has(organizationId)) return;
    acting.set(organizationId, act(customer, link));
  };

  async function act(customer: CustomerPlan, link: string): Promise<void> {
    try {
      const story = await runCustomer(customer, link, handsOf(customer));
      stories.set(customer.organizationId, story);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      faults.push(`${customer.organizationId} (${customer.behaviour}): ${why}`);
    }
  }

  function handsOf(customer: CustomerPlan): CustomerHands {
    const told = new Promise<void>((resolve) => reminders.set(customer.organizationId, resolve));
    const deadlineMs = Date.now() + plan.deadlineMinutes * 60_000;
    return {
      ...{ sandbox, deadlineMs },
      cancelThere: async () => {
        for (const id of legacyIdsOf(customer)) await providers.cancelLegacy(id);
      },
      reminded: () => Promise.race([told, sleep(remindAfterMinutes * 60_000 + longestWaitMs)]),
      deadline: () => sleep(Math.max(0, deadlineMs + lateMs - Date.now())),
    };
  }

  return {
    ...{ stories, faults },
    async settle() {
      for (let known = -1; known !== acting.size;) {
        known = acting.size;
        await Promise.all(acting.values());
      }
    },
  };
}

/** Who was to be told and was not, and who wanted to pay in time and could not. */
export function storyFaults(
  customers: readonly CustomerPlan[],
  { stories, faults }: Crowd,
  isMovable: (customer: CustomerPlan) => boolean,
): readonly string[] {
  return [
    ...faults,
    ...customers.filter(isMovable).flatMap(({ organizationId, kind, behaviour }) => {
      const story = stories.get(organizationId);
      if (story === undefined) return [`${organizationId} (${kind}) was never told`];
      const isRefused = story.did === 'nothing' && story.refused !== tooLate && mustPay.has(behaviour);
      return isRefused
        ? [`${organizationId} (${behaviour}) could not pay: ${story.refused ?? 'the page took nothing'}`]
        : [];
    }),
    ...customers.flatMap((customer) =>
      stories.has(customer.organizationId) && !isMovable(customer)
        ? [`${customer.organizationId} (${customer.kind}) was told, and was not to be moved`]
        : [],
    ),
  ];
}

const mustPay = new Set<CustomerPlan['behaviour']>([
  'acts',
  'pays at the second try',
  'opens twice',
  'pays in two tabs',
  'acts after a reminder',
]);

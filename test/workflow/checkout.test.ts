import { WithStartWorkflowOperation } from '@temporalio/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemporalGateway } from '../../src/api/temporal.ts';
import type { Activities } from '../../src/activities/index.ts';
import {
  expireUpdate,
  openedUpdate,
  providerFactsSignal,
  stateQuery,
  whyQuery,
  type CheckoutInput,
} from '../../src/workflows/messages.ts';
import { strayWorkflowId } from '../../src/domain/checkout/stray.ts';
import { searchAttributes } from '../../src/workflows/search-attributes.ts';
import { checkoutStart } from '../../src/workflows/start-options.ts';
import type { checkout } from '../../src/workflows/checkout.ts';
import { aCheckout, aLook, startWorkflowWorld, type FakeActivities } from './support.ts';

let world: Awaited<ReturnType<typeof startWorkflowWorld>>;
beforeAll(async () => {
  world = await startWorkflowWorld();
});
afterAll(() => world?.end());

type Opened = Awaited<ReturnType<Activities['openCheckout']>>;
type Settled = Awaited<ReturnType<Activities['settleCheckout']>>;

const dayMs = 86_400_000;
/** An instant of the world's own time, which tests skip through. */
const inDays = async (days: number) => new Date((await world.env.currentTimeMs()) + days * dayMs).toISOString();
const opened = async (changes: Partial<Opened> = {}): Promise<Opened> => ({
  status: 'open',
  provider: 'acme',
  endsAt: await inDays(1),
  subscriptionId: null,
  left: [],
  lookGapsMs: [60_000, 300_000],
  ...changes,
});
const settled = (changes: Partial<Settled> = {}): Settled => ({
  status: 'open',
  provider: 'acme',
  subscriptionId: null,
  endsAt: null,
  because: 'the provider says so',
  ...changes,
});
const aFact = (id = 'evt_1') => ({ id, type: 'order.paid', kind: 'order', objectId: 'o_1' });

function start(input: CheckoutInput) {
  const { typedSearchAttributes, taskQueue, workflowId } = checkoutStart({
    ...input,
    id: input.checkoutId,
    routing: {
      policy: 'p',
      policy_version: 1,
      rule: input.rule,
      provider: 'acme',
      fallbacks: [],
      skipped: [],
      bucket: 1,
      country: 'US',
      country_source: 'request',
      considered: [],
    },
  });
  return new WithStartWorkflowOperation<typeof checkout>('checkout', {
    workflowId,
    taskQueue,
    typedSearchAttributes,
    args: [input],
    workflowIdConflictPolicy: 'USE_EXISTING',
    workflowIdReusePolicy: 'REJECT_DUPLICATE',
  });
}

async function open(input: CheckoutInput) {
  const startWorkflowOperation = start(input);
  const answer = await world.env.client.workflow.executeUpdateWithStart(openedUpdate, {
    startWorkflowOperation,
    updateId: 'opened',
  });
  return { answer, handle: await startWorkflowOperation.workflowHandle() };
}

describe('checkout', () => {
  it('answers once the page is open and ends when a webhook leads to a paid truth', async () => {
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => settled({ status: 'paid' }),
    };
    await world.withActivities(fakes, async () => {
      const { answer, handle } = await open(aCheckout());
      expect(answer).toEqual({ status: 'open' });
      await handle.signal(providerFactsSignal, [aFact()]);
      expect(await handle.result()).toEqual({ status: 'paid' });
      const history = await handle.fetchHistory();
      expect(history.events?.length).toBeLessThanOrEqual(18);
    });
  });

  it('follows the session that was paid: what it begins is begun there', async () => {
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => settled({ status: 'paid', provider: 'elsewhere', because: 'it moved' }),
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      await handle.signal(providerFactsSignal, [aFact()]);
      await handle.result();
      const { typedSearchAttributes } = await handle.describe();
      expect(typedSearchAttributes.get(searchAttributes.provider)).toBe('elsewhere');
    });
  });

  it('fails when nobody is left to ask, and still answers the caller', async () => {
    const fakes: FakeActivities = {
      openCheckout: async ({ provider }) =>
        provider === null
          ? opened({ status: 'failed', provider: null, endsAt: null })
          : opened({
              status: 'creating',
              left: [{ provider, reason: 'api_error', providerCode: 'x', at: await inDays(0), mayExist: false }],
            }),
    };
    await world.withActivities(fakes, async () => {
      const { answer, handle } = await open(aCheckout());
      expect(answer).toEqual({ status: 'failed' });
      expect(await handle.result()).toEqual({ status: 'failed' });
    });
  });

  it('finds a payment whose webhook was lost by looking', async () => {
    let looks = 0;
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => settled({ status: (looks += 1) === 3 ? 'paid' : 'open' }),
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      expect(await handle.result()).toEqual({ status: 'paid' });
      expect(looks).toBe(3);
    });
  });

  it('waits days for a voucher and takes the money when it comes', async () => {
    const started = await world.env.currentTimeMs();
    let hasTold = false;
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => {
        const now = await world.env.currentTimeMs();
        if (now - started > 3 * dayMs) return settled({ status: 'paid' });
        hasTold = true;
        return settled({ status: 'pending', endsAt: await inDays(5) });
      },
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      await handle.signal(providerFactsSignal, [aFact()]);
      expect(await handle.result()).toEqual({ status: 'paid' });
      expect(hasTold).toBe(true);
    });
  });

  it('expires at the end of the page when nobody paid', async () => {
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => settled(),
      endCheckout: async ({ to }) => settled({ status: to }),
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      expect(await handle.result()).toEqual({ status: 'expired' });
    });
  });

  it('ends at the caller’s wish, and says so when money came first', async () => {
    let status: 'canceled' | 'paid' = 'canceled';
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      endCheckout: async () => settled({ status }),
    };
    await world.withActivities(fakes, async () => {
      const first = await open(aCheckout());
      expect(await first.handle.executeUpdate(expireUpdate)).toEqual({ status: 'canceled' });
      status = 'paid';
      const second = await open(aCheckout());
      expect(await second.handle.executeUpdate(expireUpdate)).toEqual({ status: 'paid' });
      await expect(second.handle.executeUpdate(expireUpdate)).rejects.toThrow();
    });
  });

  it('carries out a wish to end it once for all who ask meanwhile, and a later one anew', async () => {
    let ends = 0;
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      async endCheckout() {
        ends += 1;
        await isAnswered;
        return settled({ status: ends === 1 ? 'open' : 'canceled' });
      },
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      const gateway = createTemporalGateway(world.env.client);
      const expire = () => gateway.expireCheckout(handle.workflowId, new Date(Date.now() + 60_000));
      const askers = Array.from({ length: 15 }, expire);
      await expect.poll(() => acceptedUpdates(handle), { timeout: 30_000 }).toContain('expire/0');
      answer();
      await Promise.all(askers);
      expect(await handle.query(stateQuery)).toMatchObject({ status: 'open', ends: 1 });
      await expire();
      expect(await handle.result()).toEqual({ status: 'canceled' });
      expect(await acceptedUpdates(handle)).toEqual(['opened', 'expire/0', 'expire/1']);
      expect(ends).toBe(2);
    });
  });

  it('hears a webhook that arrives before the provider has answered', async () => {
    let answer = () => {};
    const isAnswered = new Promise<void>((resolve) => (answer = resolve));
    const fakes: FakeActivities = {
      openCheckout: async () => (await isAnswered, await opened()),
      settleCheckout: async () => settled({ status: 'paid' }),
    };
    await world.withActivities(fakes, async () => {
      const input = aCheckout();
      const opening = open(input);
      const handle = world.env.client.workflow.getHandle(`checkout/${input.checkoutId}`);
      await eventually(() => handle.signal(providerFactsSignal, [aFact()]));
      answer();
      expect((await opening).answer).toEqual({ status: 'open' });
      expect(await handle.result()).toEqual({ status: 'paid' });
    });
  });

  it('goes on with patience when the quick way fails', async () => {
    let calls = 0;
    const fakes: FakeActivities = {
      openCheckout: async () => {
        if ((calls += 1) === 1) throw new Error('the database is away');
        return opened();
      },
      settleCheckout: async () => settled({ status: 'paid' }),
      resolveStray: async () => aLook({ status: 'absent' }),
    };
    await world.withActivities(fakes, async () => {
      const { answer, handle } = await open(aCheckout());
      expect(answer).toEqual({ status: 'open' });
      await handle.signal(providerFactsSignal, [aFact()]);
      await handle.result();
      expect(await shownStatuses(handle)).toEqual(['open', 'creating', 'open', 'paid']);
    });
  });

  it('shows operators the expected status from its start, and upserts only what comes otherwise', async () => {
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      settleCheckout: async () => settled({ status: 'paid' }),
    };
    await world.withActivities(fakes, async () => {
      const { handle } = await open(aCheckout());
      await handle.signal(providerFactsSignal, [aFact()]);
      await handle.result();
      expect(await shownStatuses(handle)).toEqual(['open', 'paid']);
    });
  });

  it('answers the same to a repeat, and tells its story', async () => {
    const fakes: FakeActivities = { openCheckout: async () => opened(), settleCheckout: async () => settled() };
    await world.withActivities(fakes, async () => {
      const input = aCheckout();
      const [one, two] = await Promise.all([open(input), open(input)]);
      expect(one.answer).toEqual(two.answer);
      expect(await one.handle.query(stateQuery)).toMatchObject({ status: 'open' });
      expect(await one.handle.query(whyQuery)).toContain('everywhere');
      await one.handle.terminate();
    });
  });

  // Last: once a workflow has ended before a child that it left, this server skips no time any more.
  it('asks the next provider when the first cannot serve, and has what an unclear answer may have left looked after', async () => {
    const looked: string[] = [];
    const asked: (string | null)[] = [];
    const fakes: FakeActivities = {
      openCheckout: async ({ provider }) => {
        asked.push(provider);
        if (provider === 'other') {
          const reason = 'timeout' as const;
          const left = [{ provider, reason, providerCode: null, at: await inDays(0), mayExist: true }];
          return opened({ status: 'creating', provider: null, endsAt: null, left });
        }
        return opened();
      },
      settleCheckout: async () => settled({ status: 'paid' }),
      resolveStray: async ({ provider }) => {
        looked.push(provider);
        return aLook({ status: 'absent' });
      },
    };
    await world.withActivities(fakes, async () => {
      const input = aCheckout({ attempts: ['other', 'acme'] });
      const { answer, handle } = await open(input);
      expect(answer).toEqual({ status: 'open' });
      expect(asked).toEqual(['other', 'acme']);
      await handle.signal(providerFactsSignal, [aFact()]);
      await handle.result(); // it does not wait for what was left
      const stray = world.env.client.workflow.getHandle(strayWorkflowId(input.checkoutId, 'other'));
      expect(await world.withQueue('other', fakes, () => stray.result())).toEqual({ status: 'absent' });
      expect(looked).toEqual(['other']);
    });
  });

  it('says that a call was repeated, and has the provider searched for what the first may have left', async () => {
    const repeated: (boolean | undefined)[] = [];
    const fakes: FakeActivities = {
      openCheckout: async ({ isRepeated }) => {
        repeated.push(isRepeated);
        if (repeated.length === 1) throw new Error('the worker hung');
        return opened();
      },
      settleCheckout: async () => settled({ status: 'paid' }),
      resolveStray: async () => aLook({ status: 'absent' }),
    };
    await world.withActivities(fakes, async () => {
      const input = aCheckout();
      const { handle } = await open(input);
      await handle.signal(providerFactsSignal, [aFact()]);
      await handle.result();
      expect(repeated).toEqual([undefined, true]);
      const stray = world.env.client.workflow.getHandle(strayWorkflowId(input.checkoutId, 'acme'));
      expect(await stray.result()).toEqual({ status: 'absent' });
    });
  });

  it('has a page looked after that was closed here and can still be paid there', async () => {
    const fakes: FakeActivities = {
      openCheckout: async () => opened(),
      endCheckout: async () => settled({ status: 'canceled', strays: ['acme'] }),
      resolveStray: async () => aLook({ status: 'lapsed' }),
    };
    await world.withActivities(fakes, async () => {
      const input = aCheckout();
      const { handle } = await open(input);
      expect(await handle.executeUpdate(expireUpdate)).toEqual({ status: 'canceled' });
      await handle.result();
      const stray = world.env.client.workflow.getHandle(strayWorkflowId(input.checkoutId, 'acme'));
      expect(await stray.result()).toEqual({ status: 'lapsed' });
    });
  });
});

/** `BillingStatus` as operators saw it, from the start on. */
async function shownStatuses(handle: Awaited<ReturnType<typeof open>>['handle']): Promise<readonly unknown[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? [])
    .map(
      (event) =>
        event.workflowExecutionStartedEventAttributes?.searchAttributes ??
        event.upsertWorkflowSearchAttributesEventAttributes?.searchAttributes,
    )
    .map((attributes) => attributes?.indexedFields?.['BillingStatus']?.data)
    .flatMap((data) => (data ? [JSON.parse(Buffer.from(data).toString('utf8')) as unknown] : []));
}

async function acceptedUpdates(handle: Awaited<ReturnType<typeof open>>['handle']): Promise<readonly unknown[]> {
  const { events } = await handle.fetchHistory();
  return (events ?? []).flatMap(({ workflowExecutionUpdateAcceptedEventAttributes: accepted }) =>
    accepted ? [accepted.acceptedRequest?.meta?.updateId] : [],
  );
}

async function eventually(work: () => Promise<unknown>): Promise<void> {
  for (let tries = 0; ; tries += 1) {
    try {
      await work();
      return;
    } catch (error) {
      if (tries > 50) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}

import { setTimeout as sleep } from 'node:timers/promises';
import type { Outcome, SandboxClient } from '../../bench/clients/sandbox.ts';
import type { Did } from './legacy.ts';
import type { CustomerPlan } from './plan.ts';

/** What a customer can do, and nothing else of the app's. */
export interface CustomerHands {
  readonly sandbox: Pick<SandboxClient, 'complete'>;
  /** Ends what they have at the old provider, in its own portal. */
  readonly cancelThere: () => Promise<unknown>;
  /** Resolves when the app has told them again, or nobody will. */
  readonly reminded: () => Promise<void>;
  /** Until when the link leads on, in ms since the epoch. */
  readonly deadlineMs: number;
  /** Resolves when that is surely over. */
  readonly deadline: () => Promise<void>;
}

/** What a customer did, and saw. */
export interface Story {
  readonly did: Did;
  /** Pages that said "paid". */
  readonly timesPaid: number;
  /** What was told at the link instead of a way to pay; null: a page to pay opened. */
  readonly refused: string | null;
}

const patienceMs = 300_000;
/** What a customer is told who comes, or is served, after the deadline. */
export const tooLate = 'too late';

/** One customer, from the mail to what became of it. @param link Of the mail that they have at hand: the first. */
export async function runCustomer(plan: CustomerPlan, link: string, hands: CustomerHands): Promise<Story> {
  const nothing: Story = { did: 'nothing', timesPaid: 0, refused: null };
  await sleep(plan.thinksMs);
  switch (plan.behaviour) {
    case 'never acts':
      return nothing;
    case 'cancels by themselves':
      await hands.cancelThere();
      return { ...nothing, did: 'canceled' };
    case 'opens and leaves':
      await openPage(link, hands.deadlineMs);
      return nothing;
    case 'cancels with the page open':
      await openPage(link, hands.deadlineMs);
      await hands.cancelThere();
      return { ...nothing, did: 'canceled' };
    case 'acts after the deadline': {
      await hands.deadline();
      return await pay(link, hands, ['paid']);
    }
    case 'acts after a reminder':
      await hands.reminded();
      return await pay(link, hands, ['paid']);
    case 'pays at the second try':
      return await pay(link, hands, ['declined', 'paid']);
    case 'opens twice':
      await Promise.all([openPage(link, hands.deadlineMs), openPage(link, hands.deadlineMs)]);
      return await pay(link, hands, ['paid']);
    case 'pays in two tabs': {
      const stories = await Promise.all([pay(link, hands, ['paid']), pay(link, hands, ['paid'])]);
      const timesPaid = stories.reduce((sum, story) => sum + story.timesPaid, 0);
      return { did: timesPaid > 0 ? 'paid' : 'nothing', timesPaid, refused: stories[0].refused };
    }
    case 'acts':
      return await pay(link, hands, ['paid']);
  }
}

async function pay(link: string, hands: CustomerHands, outcomes: readonly Outcome[]): Promise<Story> {
  const { sandbox, deadlineMs } = hands;
  const page = await openPage(link, deadlineMs);
  if (page.kind === 'refused') return { did: 'nothing', timesPaid: 0, refused: page.said };
  let timesPaid = 0;
  for (const outcome of outcomes) {
    const said = await completeAt(sandbox, page.url, outcome);
    if (said === 'paid') timesPaid += 1;
  }
  // Where the provider's page leads back to; who closes it before, or finds nobody there, is moved all the same.
  if (timesPaid > 0) await fetch(`${link}?back=1`, { signal: AbortSignal.timeout(5_000) }).catch(() => undefined);
  return { did: timesPaid > 0 ? 'paid' : 'nothing', timesPaid, refused: null };
}

type Opened = { readonly kind: 'page'; readonly url: string } | { readonly kind: 'refused'; readonly said: string };

const late: Opened = { kind: 'refused', said: tooLate };

/** As a browser without a script: the page, its button, and wherever that leads; again where nobody answers. */
async function openPage(link: string, deadlineMs: number): Promise<Opened> {
  for (const untilMs = Math.max(Date.now(), deadlineMs) + patienceMs; ; await sleep(500)) {
    const isLate = Date.now() > deadlineMs;
    const opened = await tryOnce(link);
    // A page that only has no way on is not ready yet, or it is too late.
    if (opened !== null && (opened.kind === 'page' || opened.said !== '200')) return opened;
    if (opened !== null && isLate) return late;
    if (Date.now() > untilMs) throw new Error('the link led nowhere until five minutes after its deadline');
  }
}

/** null: try again, as a person would who sees an error. */
async function tryOnce(link: string): Promise<Opened | null> {
  try {
    const shown = await fetch(link, { redirect: 'manual', signal: AbortSignal.timeout(20_000) });
    const text = await shown.text();
    if (shown.status >= 500 || shown.status === 429) return null;
    const going = /<a class="button main" href="([^"]*)"/.exec(text)?.[1];
    // A checkout that is open already has its address there instead of the button.
    if (going !== undefined) return pageAt(new URL(going.replaceAll('&amp;', '&'), link).href, link);
    if (shown.status >= 400 || !text.includes('<form')) return { kind: 'refused', said: `${shown.status}` };
    const sent = await fetch(link, {
      ...{ method: 'POST', redirect: 'manual', signal: AbortSignal.timeout(20_000) },
      headers: { 'content-type': 'application/x-www-form-urlencoded', origin: new URL(link).origin },
      body: hiddenFields(text),
    });
    const to = sent.headers.get('location');
    if (sent.status >= 300 && sent.status < 400 && to !== null) return pageAt(new URL(to, link).href, link);
    if (sent.status >= 500 || sent.status === 429 || sent.status === 409) return null;
    // Shows itself again: the way is not open yet.
    return sent.ok ? null : { kind: 'refused', said: `${sent.status}` };
  } catch {
    return null;
  }
}

/** Back to our own page means that there is nothing to pay (yet). */
function pageAt(url: string, link: string): Opened | null {
  return new URL(url).origin === new URL(link).origin ? null : { kind: 'page', url };
}

function hiddenFields(page: string): URLSearchParams {
  const fields = new URLSearchParams();
  for (const [input] of page.matchAll(/<input[^>]*type="hidden"[^>]*>/g)) {
    const name = /name="([^"]*)"/.exec(input)?.[1];
    if (name !== undefined) fields.set(name, /value="([^"]*)"/.exec(input)?.[1] ?? '');
  }
  return fields;
}

/** Both providers' pages are on the sandbox; the last part of the address names one. */
async function completeAt(sandbox: CustomerHands['sandbox'], url: string, outcome: Outcome): Promise<string> {
  const { pathname } = new URL(url);
  const id = pathname.split('/').findLast((part) => part !== '') ?? '';
  const provider = pathname.startsWith('/polar') ? 'polar' : 'stripe';
  return await sandbox.complete(provider, id, outcome).catch((error: unknown) => {
    // A page that somebody has closed since: nothing was taken.
    if (error instanceof Error && /answered 4\d\d/.test(error.message)) return 'closed';
    throw error;
  });
}

import type { ProviderAbilities } from '../../src/domain/routing/abilities.ts';
import type { CheckoutMode } from '../../src/domain/catalogue.ts';
import { BillingError } from '../../src/domain/errors.ts';
import type { Money } from '../../src/domain/money.ts';
import type { CreateCheckoutInput, CustomerInput, ProviderAccount, ProviderPrice } from '../../src/providers/port.ts';

/** One thing that a provider's real sandbox may be asked to do: nobody is charged, and what it makes is taken away. */
export interface Behaviour {
  /** A claim in the present tense. */
  readonly name: string;
  /** Operations it is about; a provider without them does not have the behaviour. */
  readonly needs: readonly string[];
  /**
   * @returns what the port told of things made here, by step: its shape is compared between two runs of the same steps.
   *   What an account had before is not in it, for every account has something else.
   * @throws when the provider does not behave so.
   */
  run(scene: Scene): Promise<Readonly<Record<string, unknown>>>;
}

/** What a behaviour works with. */
export interface Scene {
  readonly provider: string;
  readonly account: ProviderAccount;
  readonly abilities: ProviderAbilities;
  /** Some providers refuse addresses to which nobody could write. */
  readonly emailDomain: string;
  /** Never used before, in this run or another. */
  id(prefix: string): string;
  /** Run at the end of the behaviour, last first, whatever happened; harmless when the thing is gone. */
  cleanUp(work: () => Promise<unknown>): void;
}

let serial = 0;

export function createScene(input: {
  readonly provider: string;
  readonly account: ProviderAccount;
  readonly abilities: ProviderAbilities;
  readonly runId: string;
  readonly emailDomain: string;
}): Scene & { readonly finish: () => Promise<readonly string[]> } {
  const pending: (() => Promise<unknown>)[] = [];
  return {
    ...input,
    id(prefix) {
      serial += 1; // of all scenes: what one made the next must not meet
      return `${prefix}_smoke${input.runId}x${serial}`;
    },
    cleanUp(work) {
      pending.push(work);
    },
    /** @returns what could not be taken away, in words. */
    async finish() {
      const left: string[] = [];
      for (const work of pending.splice(0).toReversed()) {
        await work().catch((error: unknown) => left.push(error instanceof Error ? error.message : String(error)));
      }
      return left;
    },
  };
}

export const keyOf = (scene: Scene) => ({ idempotencyKey: scene.id('key') });

export function aCustomer(scene: Scene, organizationId = scene.id('org')): CustomerInput {
  return {
    ...{ organizationId, providerCustomerId: null, name: 'Ada Example', phone: '+525555555555', address: null },
    email: `${organizationId.replaceAll('_', '-')}@${scene.emailDomain}`,
  };
}

/** A customer that is there for the length of the behaviour. */
export async function createdCustomer(scene: Scene) {
  const { customers } = scene.account.client;
  const input = aCustomer(scene);
  const customer = await customers.create({ ...input, ...keyOf(scene) });
  scene.cleanUp(() => customers.remove(customer.providerCustomerId));
  return { input, customer };
}

export function aPrice({ abilities }: Scene): Money {
  const { currencies } = abilities;
  return { amountMinor: 49_900, currency: 'only' in currencies ? (currencies.only[0] ?? 'USD') : 'USD' };
}

/** A product that is sold until the behaviour ends; null where the provider needs none or cannot sell it. */
export async function pushedPrice(scene: Scene, mode: CheckoutMode): Promise<ProviderPrice | null> {
  const { catalog } = scene.account.client;
  if (!catalog) return null;
  const naming = { name: 'Starter kit (smoke test)', description: 'Made by a smoke test' };
  const priceId = scene.id('price');
  const price = await catalog.ensurePrice({
    ...{ planId: `plan_${priceId}`, planKey: 'smoke-test', ...naming, digital: true, priceId, trialDays: null },
    ...{ unitAmount: aPrice(scene), billingInterval: mode === 'subscription' ? 'monthly' : null, ...keyOf(scene) },
  });
  if (price) scene.cleanUp(async () => catalog.update?.(price, { ...naming, isActive: false, ...keyOf(scene) }));
  return price;
}

export async function aCheckout(scene: Scene, mode: CheckoutMode): Promise<CreateCheckoutInput> {
  const checkoutId = scene.id('chk');
  const customer = aCustomer(scene);
  const needsPrice = scene.abilities.needsProviderPrice.includes(mode);
  return {
    ...{ checkoutId, mode, customer, paymentMethods: null, voucherExpiresAt: null, discountCode: null },
    line: {
      ...{ name: 'Starter kit (smoke test)', description: 'One box', unitAmount: aPrice(scene), quantity: 1 },
      ...{ billingInterval: mode === 'subscription' ? 'monthly' : null, digital: true },
      providerPrice: needsPrice ? await pushedPrice(scene, mode) : null,
    },
    ...{ successUrl: 'https://app.example/ok', cancelUrl: 'https://app.example/no', trialDays: null },
    ...{ locale: null, embedOrigin: null, ...keyOf(scene) },
    metadata: { checkout_id: checkoutId, organization_id: customer.organizationId, project_id: 'smoke' },
  };
}

/** What an operation answers, or the code by which the provider refuses it for what it is, at every provider alike. */
export async function orRefusal<T>(work: Promise<T> | undefined): Promise<T | null | { readonly refused: string }> {
  try {
    return (await work) ?? null;
  } catch (error) {
    if (error instanceof BillingError && error.kind === 'invalid') return { refused: error.code };
    throw error;
  }
}

/** An id of the right form that nobody has. */
export const strange = (id: string): string => `${id.slice(0, -4)}0000`;

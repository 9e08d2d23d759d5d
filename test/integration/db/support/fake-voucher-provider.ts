import { randomUUID } from 'node:crypto';
import type {
  CreatePaymentInput,
  DirectPaymentTruth,
  PaymentOperations,
} from '../../../../src/providers/port-money.ts';
import type { ProviderClient, ProviderDirectory } from '../../../../src/providers/port.ts';
import { fakeProviders } from '../../api/fake-providers.ts';

type State = DirectPaymentTruth['state'];

/** A provider that issues vouchers and keeps them; how it answers is up to the test. */
export interface FakeVoucherProvider {
  readonly directory: ProviderDirectory;
  /** What it has made, oldest first. */
  readonly made: { readonly input: CreatePaymentInput; readonly id: string; state: State; paidAt: string | null }[];
  readonly looked: string[];
  /** Before it makes one: throw to refuse. */
  before: (input: CreatePaymentInput) => void | Promise<void>;
  /** After it has made one: `lose` keeps the answer from arriving, `hide` keeps it from being found as well. */
  answer: 'give' | 'lose' | 'hide';
  pay(index: number, paidAt?: string): void;
}

export function fakeVoucherProvider(): FakeVoucherProvider {
  const never = (): never => {
    throw new Error('nobody asks this here');
  };
  const fake: FakeVoucherProvider = {
    made: [],
    looked: [],
    before: () => undefined,
    answer: 'give',
    pay(index, paidAt = new Date().toISOString()) {
      const voucher = fake.made[index];
      if (voucher) Object.assign(voucher, { state: 'succeeded', paidAt });
    },
    directory: { ...fakeProviders(), account: async () => ({ live: false, webhookSecrets: [], client }) },
  };
  const payments: PaymentOperations = {
    async create(input) {
      await fake.before(input);
      const known = fake.made.find((each) => each.input.idempotencyKey === input.idempotencyKey);
      const voucher = known ?? { input, id: `ord_${randomUUID()}`, state: 'pending' as State, paidAt: null };
      if (!known) fake.made.push(voucher);
      if (fake.answer !== 'give') return { outcome: 'unknown', reason: 'timeout', providerCode: null };
      return { outcome: 'pending', value: truthOf(voucher), nextAction: null };
    },
    async get(id) {
      const voucher = fake.made.find((each) => each.id === id);
      return voucher ? truthOf(voucher) : null;
    },
    async find({ businessId }) {
      fake.looked.push(businessId);
      if (fake.answer === 'hide') return [];
      return fake.made.filter(({ input }) => input.businessId === businessId).map(truthOf);
    },
    async cancel({ providerObjectId }) {
      const voucher = fake.made.find(({ id }) => id === providerObjectId);
      if (voucher?.state !== 'pending') return voucher ? 'already_settled' : 'not_cancelable';
      voucher.state = 'canceled';
      return 'canceled';
    },
  };
  const client: ProviderClient = {
    account: { check: never },
    customerData: { export: never, erase: never },
    checkouts: { create: never, get: never },
    customers: {
      create: async ({ organizationId }) => ({ providerCustomerId: 'cus_1', organizationId, email: null }),
      find: async () => null,
      ...{ get: never, update: never, remove: never },
    },
    payments,
  };
  return fake;
}

function truthOf(voucher: FakeVoucherProvider['made'][number]): DirectPaymentTruth {
  const { input, id, state, paidAt } = voucher;
  const expiresAt = input.source.kind === 'voucher' ? input.source.expiresAt : '';
  return {
    providerObjectId: id,
    state,
    amount: input.amount,
    payment: {
      providerPaymentId: `charge_${id}`,
      status: state === 'succeeded' ? 'succeeded' : state === 'pending' ? 'pending' : 'declined',
      amount: input.amount,
      ...{ taxMinor: null, refundedMinor: 0, method: 'oxxo', declineCode: null, paidAt, providerInvoiceId: id },
    },
    voucher: { kind: 'oxxo', reference: '9300', clabe: null, barcodeUrl: null, expiresAt },
    nextAction: null,
    metadata: { ...input.metadata, business_id: input.businessId },
    objects: [
      { kind: 'order', id },
      { kind: 'customer', id: 'cus_1' },
    ],
  };
}

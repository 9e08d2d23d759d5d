import type { Sandbox } from '../context.ts';
import type { ProviderDesk } from '../provider-desk.ts';

export function createFungies(_sandbox: Sandbox): ProviderDesk {
  const provider = 'fungies';
  const failed = (status: number, message: string) => ({ status, body: { status: 'error', error: { message } } });
  return {
    api: {
      provider,
      prefix: '/fungies',
      routes: [],
      admit: () => null,
      failure: () => failed(500, 'Internal error'),
      unknownRoute: () => failed(404, 'Not found'),
      faulty: (_kind, status) => failed(status, 'Injected fault'),
      decorate: (answer) => answer,
    },
    cashier: {
      provider,
      find: () => null,
      pay: () => ({ kind: 'refused', field: null, message: 'unknown' }),
      answerChallenge: () => ({ kind: 'refused', field: null, message: 'unknown' }),
      settleVoucher: () => ({ kind: 'refused', field: null, message: 'unknown' }),
    },
    checkoutPath: '/fungies/store/checkout',
    operator: null,
    portal: null,
    invoices: null,
  };
}

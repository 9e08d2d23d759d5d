import { createHash } from 'node:crypto';
import type { Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { notFound } from './errors.ts';

// The account is as old as the sandbox's world: 1 January 2024.
const CREATED_AT = 1_704_067_200;

function company(conekta: ConektaContext): { id: string; [field: string]: unknown } {
  const { organizationId } = conekta.sandbox.credentials.current();
  return {
    id: createHash('sha256').update(organizationId).digest('hex').slice(0, 24),
    name: 'Comercio de pruebas',
    active: true,
    account_status: 'active',
    parent_company_id: null,
    onboarding_status: 'completed',
    documents: [],
    created_at: CREATED_AT,
    object: 'company',
    three_ds_enabled: true,
    three_ds_mode: 'smart',
  };
}

/** The account behind the key; it has no sub-companies. */
export function companyRoutes(conekta: ConektaContext): Route[] {
  return [
    {
      method: 'get',
      path: '/companies/current',
      operations: ['account.get'],
      handle: () => ({ status: 200, body: company(conekta) }),
    },
    {
      method: 'get',
      path: '/companies/:id',
      operations: ['account.get'],
      handle(request) {
        const own = company(conekta);
        if (own.id !== request.params['id']) throw notFound('Company', request.params['id'] ?? '');
        return { status: 200, body: own };
      },
    },
  ];
}

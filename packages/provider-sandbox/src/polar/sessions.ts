import { z } from 'zod';
import { base62, uuid } from '../core/ids.ts';
import { type ApiRequest, type Route, header } from '../http/answer.ts';
import { ORGANIZATION_SLUG, type PolarContext } from './context.ts';
import { PolarFailure, refuse } from './errors.ts';
import type { Customer, Session } from './objects.ts';
import { parse } from './validation.ts';

export const PORTAL_PATH = `/polar/${ORGANIZATION_SLUG}/portal`;

const HOUR_MS = 3_600_000;
const sessionBody = z.object({
  customer_id: z.uuid().nullish(),
  external_customer_id: z.string().nullish(),
  return_url: z.url().nullish(),
  member_id: z.string().nullish(),
  external_member_id: z.string().nullish(),
});

/** The session behind a portal token, while it lasts: one hour of the sandbox's clock. */
export function sessionOf(polar: PolarContext, token: string): Session | null {
  const session = polar.sessions.findBy('token', token)[0];
  return session && Date.parse(session.expires_at) > polar.sandbox.clock.nowMs() ? session : null;
}

/** Who calls a portal route. */
export function portalCustomer(polar: PolarContext, request: ApiRequest): Customer {
  const token = (header(request, 'authorization') ?? '').replace(/^Bearer /i, '');
  const session = sessionOf(polar, token);
  const customer = session && polar.customers.get(session.customer_id);
  if (!customer || customer.deleted_at !== null)
    throw new PolarFailure(401, {
      error: 'invalid_token',
      error_description: 'The access token is invalid or expired.',
    });
  return customer;
}

function create(polar: PolarContext, body: z.output<typeof sessionBody>): object {
  const field = body.customer_id != null ? 'customer_id' : 'external_customer_id';
  const customer: Customer | undefined =
    body.customer_id != null
      ? polar.customers.get(body.customer_id)
      : polar.customers.findBy('externalId', body.external_customer_id ?? '')[0];
  if (body[field] == null) throw refuse(['body', 'customer_id'], 'Field required', body, 'missing');
  if (!customer || customer.deleted_at !== null) throw refuse(['body', field], 'Customer does not exist.', body[field]);
  const token = `polar_cst_${base62(43)}`;
  const query = new URLSearchParams({ customer_session_token: token, email: customer.email });
  const session = polar.sessions.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    token,
    expires_at: new Date(polar.sandbox.clock.nowMs() + HOUR_MS).toISOString(),
    return_url: body.return_url ?? null,
    customer_id: customer.id,
  });
  return {
    ...session,
    customer_portal_url: `${polar.sandbox.publicUrl()}${PORTAL_PATH}?${query.toString()}`,
    customer,
  };
}

export function sessionRoutes(polar: PolarContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/customer-sessions/',
      operations: ['customer_sessions.create'],
      handle: (request) => ({ status: 201, body: create(polar, parse(sessionBody, request)) }),
    },
  ];
}

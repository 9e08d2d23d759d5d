import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import type { Route } from '../../http/answer.ts';
import type { StripeContext } from '../context.ts';
import { requireCustomer } from '../require-customer.ts';
import { invalid, noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import type { PortalSession } from '../objects.ts';
import { expand, formOf, ignored, opaque, parse, text } from '../params.ts';
import { defaultConfiguration } from './configurations.ts';

export const PORTAL_PATH = '/p/session';

const onSubscription = z.looseObject({ subscription: text }).optional();
const flowData = z.strictObject({
  after_completion: z
    .strictObject({
      type: z.enum(['hosted_confirmation', 'portal_homepage', 'redirect']),
      hosted_confirmation: ignored.optional(),
      redirect: z.strictObject({ return_url: text }).optional(),
    })
    .optional(),
  customer_update: ignored.optional(),
  subscription_cancel: onSubscription,
  subscription_pause: onSubscription,
  subscription_update: onSubscription,
  subscription_update_confirm: onSubscription,
  type: z.enum([
    'customer_update',
    'payment_method_update',
    'subscription_cancel',
    'subscription_pause',
    'subscription_update',
    'subscription_update_confirm',
  ]),
});
const createParams = z.strictObject({
  ...opaque('after_expiration customer_account on_behalf_of'),
  configuration: text.optional(),
  customer: text,
  expand,
  flow_data: flowData.optional(),
  locale: text.optional(),
  return_url: text.optional(),
});
type Params = z.output<typeof createParams>;

function flowOf(stripe: StripeContext, params: Params): PortalSession['flow'] {
  const data = params.flow_data;
  if (!data) return null;
  const { type } = data;
  if (type !== 'payment_method_update' && type !== 'customer_update') {
    const subscription = data[type]?.subscription;
    const param = `flow_data[${type}][subscription]`;
    if (subscription === undefined)
      throw invalid(`Missing required param: ${param}.`, { code: 'parameter_missing', param });
    if (stripe.subscriptions.get(subscription)?.customer !== params.customer)
      throw noSuch('subscription', subscription, param, 400);
  }
  const completion = { hosted_confirmation: null, redirect: null, type: 'portal_homepage' };
  return {
    after_completion: { ...completion, ...data.after_completion },
    customer_update: null,
    subscription_cancel: data.subscription_cancel ? { retention: null, ...data.subscription_cancel } : null,
    subscription_pause: data.subscription_pause ?? null,
    subscription_update: data.subscription_update ?? null,
    subscription_update_confirm: data.subscription_update_confirm ?? null,
    type,
  };
}

function create(stripe: StripeContext, params: Params): PortalSession {
  requireCustomer(stripe, params.customer, 'customer', 400);
  const configuration =
    params.configuration === undefined
      ? defaultConfiguration(stripe)
      : stripe.portalConfigurations.get(params.configuration);
  if (!configuration?.active) throw noSuch('configuration', params.configuration ?? '', 'configuration', 400);
  if (params.return_url !== undefined && !/^https?:\/\//.test(params.return_url)) {
    throw invalid('Not a valid URL', { code: 'url_invalid', param: 'return_url' });
  }
  const session: PortalSession = {
    id: `bps_1${base62(23)}`,
    object: 'billing_portal.session',
    after_expiration: null,
    configuration: configuration.id,
    created: stripe.now(),
    customer: params.customer,
    customer_account: null,
    flow: flowOf(stripe, params),
    livemode: false,
    locale: params.locale ?? null,
    on_behalf_of: null,
    return_url: params.return_url ?? configuration.default_return_url,
    url: `${stripe.sandbox.publicUrl()}${PORTAL_PATH}/test_${base62(48)}`,
  };
  stripe.portalSessions.put(session);
  stripe.emit('billing_portal.session.created', session);
  return session;
}

export function portalSessionRoutes(stripe: StripeContext): Route[] {
  return [
    {
      method: 'post',
      path: '/v1/billing_portal/sessions',
      operations: ['portal.create', 'customer_sessions.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        return { status: 200, body: expanded(stripe, create(stripe, params), params.expand) };
      },
    },
  ];
}

import { z } from 'zod';
import { base62 } from '../../core/ids.ts';
import type { Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import { listPage } from '../listing.ts';
import type { PortalConfiguration } from '../objects.ts';
import { bool, expand, formOf, ignored, mergeMetadata, metadata, opaque, page, parse, text } from '../params.ts';

const enabled = { enabled: bool.optional() };
const features = z.strictObject({
  customer_update: z
    .strictObject({ ...enabled, allowed_updates: z.union([z.literal(''), z.array(text)]).optional() })
    .optional(),
  invoice_history: z.strictObject(enabled).optional(),
  payment_method_update: z.strictObject({ ...enabled, payment_method_configuration: text.optional() }).optional(),
  subscription_cancel: z
    .strictObject({
      ...enabled,
      cancellation_reason: z
        .strictObject({ enabled: bool, feedback_options: ignored.optional(), options: ignored.optional() })
        .optional(),
      mode: z.enum(['at_period_end', 'immediately']).optional(),
      proration_behavior: z.enum(['always_invoice', 'create_prorations', 'none']).optional(),
    })
    .optional(),
  subscription_pause: z.strictObject({ ...enabled, duration: ignored.optional() }).optional(),
  subscription_update: z
    .strictObject({
      ...enabled,
      ...opaque('schedule_at_period_end'),
      billing_cycle_anchor: z.enum(['now', 'unchanged']).optional(),
      default_allowed_updates: z
        .union([z.literal(''), z.array(z.enum(['price', 'promotion_code', 'quantity']))])
        .optional(),
      products: z.union([z.literal(''), z.array(z.looseObject({ product: text, prices: z.array(text) }))]).optional(),
      proration_behavior: z.enum(['always_invoice', 'create_prorations', 'none']).optional(),
      trial_update_behavior: z.enum(['continue_trial', 'end_trial']).optional(),
    })
    .optional(),
});
const shared = {
  business_profile: z
    .strictObject({
      headline: text.optional(),
      privacy_policy_url: text.optional(),
      terms_of_service_url: text.optional(),
    })
    .optional(),
  default_return_url: text.optional(),
  expand,
  login_page: z.strictObject({ enabled: bool }).optional(),
  metadata: metadata.optional(),
  name: text.optional(),
};
const createParams = z.strictObject({ ...shared, features });
const updateParams = z.strictObject({ ...shared, active: bool.optional(), features: features.optional() });
const listParams = z.strictObject({ ...page, active: bool.optional(), is_default: bool.optional() });

const DEFAULT_FEATURES: PortalConfiguration['features'] = {
  customer_update: { allowed_updates: [], enabled: false },
  invoice_history: { enabled: false },
  payment_method_update: { enabled: false, payment_method_configuration: null },
  subscription_cancel: {
    cancellation_reason: { enabled: false, feedback_options: null, options: [] },
    enabled: false,
    mode: 'at_period_end',
    proration_behavior: 'none',
  },
  subscription_pause: { duration: null, enabled: false },
  subscription_update: {
    billing_cycle_anchor: null,
    default_allowed_updates: [],
    enabled: false,
    products: null,
    proration_behavior: 'none',
    schedule_at_period_end: { conditions: [] },
    trial_update_behavior: 'end_trial',
  },
};

function merged(
  before: PortalConfiguration['features'],
  change: z.output<typeof features> | undefined,
): PortalConfiguration['features'] {
  const given = new Map(Object.entries(change ?? {}));
  return Object.fromEntries(Object.entries(before).map(([name, value]) => [name, { ...value, ...given.get(name) }]));
}

function newConfiguration(
  stripe: StripeContext,
  params: z.output<typeof createParams>,
  isDefault: boolean,
): PortalConfiguration {
  const profile = { headline: null, privacy_policy_url: null, terms_of_service_url: null };
  return stripe.portalConfigurations.put({
    id: `bpc_1${base62(23)}`,
    object: 'billing_portal.configuration',
    active: true,
    application: null,
    business_profile: { ...profile, ...params.business_profile },
    created: stripe.now(),
    default_return_url: params.default_return_url ?? null,
    features: merged(DEFAULT_FEATURES, params.features),
    is_default: isDefault,
    livemode: false,
    login_page: { enabled: params.login_page?.enabled ?? false, url: null },
    metadata: mergeMetadata({}, params.metadata),
    name: params.name ?? null,
    updated: stripe.now(),
  });
}

/** The dashboard's own configuration, there from the first use: everything a customer may do is on. */
export function defaultConfiguration(stripe: StripeContext): PortalConfiguration {
  const known = stripe.portalConfigurations.all().find((configuration) => configuration.is_default);
  if (known) return known;
  const on = { enabled: true };
  return newConfiguration(
    stripe,
    { features: { invoice_history: on, payment_method_update: on, subscription_cancel: on } },
    true,
  );
}

function update(
  stripe: StripeContext,
  configuration: PortalConfiguration,
  params: z.output<typeof updateParams>,
): PortalConfiguration {
  configuration.features = merged(configuration.features, params.features);
  if (params.active !== undefined) configuration.active = params.active;
  if (params.default_return_url !== undefined)
    configuration.default_return_url = params.default_return_url === '' ? null : params.default_return_url;
  if (params.business_profile)
    configuration['business_profile'] = { ...Object(configuration['business_profile']), ...params.business_profile };
  if (params.name !== undefined) configuration['name'] = params.name === '' ? null : params.name;
  configuration.metadata = mergeMetadata(configuration.metadata, params.metadata);
  configuration['updated'] = stripe.now();
  stripe.portalConfigurations.put(configuration);
  stripe.emit('billing_portal.configuration.updated', configuration, {});
  return configuration;
}

const PATH = '/v1/billing_portal/configurations';

export function portalConfigurationRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.portalConfigurations, (id) => noSuch('configuration', id, 'configuration'));
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['portal_configurations.create'],
      handle(request) {
        const params = parse(createParams, formOf(request));
        const configuration = newConfiguration(stripe, params, false);
        stripe.emit('billing_portal.configuration.created', configuration);
        return { status: 200, body: expanded(stripe, configuration, params.expand) };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['portal_configurations.list'],
      handle(request) {
        const params = parse(listParams, formOf(request));
        defaultConfiguration(stripe);
        const keep = (doc: PortalConfiguration): boolean =>
          (params.active === undefined || doc.active === params.active) &&
          (params.is_default === undefined || doc.is_default === params.is_default);
        return { status: 200, body: listPage(stripe.portalConfigurations.newestFirst(), PATH, params, keep) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['portal_configurations.get'],
      handle: (request) => ({ status: 200, body: found(request) }),
    },
    {
      method: 'post',
      path: `${PATH}/:id`,
      operations: ['portal_configurations.update'],
      handle(request) {
        const params = parse(updateParams, formOf(request));
        return { status: 200, body: expanded(stripe, update(stripe, found(request), params), params.expand) };
      },
    },
  ];
}

import { z } from 'zod';
import { uuid } from '../core/ids.ts';
import type { Metadata } from '../core/types.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { PolarContext } from './context.ts';
import { failed, notFound } from './errors.ts';
import { rotateKey } from './license-key-issue.ts';
import { listPage, oneOf } from './listing.ts';
import type { Activation, LicenseKey } from './objects.ts';
import { metadata, parse } from './validation.ts';

const int32 = z.int().min(1).max(2_147_483_647);
const whose = { key: z.string(), organization_id: z.uuid() };
const conditions = metadata.default({});
const updateBody = z.object({
  status: z.enum(['granted', 'revoked', 'disabled']).nullish(),
  usage: z.int().optional(),
  limit_activations: int32.nullish(),
  limit_usage: int32.nullish(),
  expires_at: z.iso.datetime({ offset: true }).nullish(),
});
const validateBody = z.object({
  ...whose,
  activation_id: z.uuid().nullish(),
  benefit_id: z.uuid().nullish(),
  customer_id: z.uuid().nullish(),
  increment_usage: z.int().min(0).nullish(),
  conditions,
});
const activateBody = z.object({ ...whose, label: z.string(), conditions, meta: conditions });
const deactivateBody = z.object({ ...whose, activation_id: z.uuid() });

export function showKey(polar: PolarContext, key: LicenseKey): LicenseKey {
  return { ...key, customer: polar.customers.get(key.customer_id) ?? null, member_id: null, member: null };
}

function showActivation({ conditions: _conditions, ...activation }: Activation): object {
  return activation;
}

export function withActivations(polar: PolarContext, key: LicenseKey): object {
  return {
    ...showKey(polar, key),
    activations: polar.activations.findBy('key', key.id).map(showActivation),
  };
}

function isUsable(polar: PolarContext, key: LicenseKey): boolean {
  const isOver = key.expires_at !== null && Date.parse(key.expires_at) <= polar.sandbox.clock.nowMs();
  return key.status === 'granted' && !isOver;
}

function byKey(polar: PolarContext, body: { key: string; organization_id: string }): LicenseKey {
  const key = polar.licenseKeys.findBy('key', body.key)[0];
  if (!key || body.organization_id !== polar.organizationId()) throw notFound();
  return key;
}

const sameConditions = (left: Metadata, right: Metadata): boolean =>
  Object.keys(left).length === Object.keys(right).length &&
  Object.entries(left).every(([name, value]) => right[name] === value);

/** Anything that does not fit answers 404; only a used-up allowance says so, with 400. */
function validate(polar: PolarContext, body: z.output<typeof validateBody>): object {
  const key = byKey(polar, body);
  if (!isUsable(polar, key)) throw notFound();
  if (body.benefit_id != null && body.benefit_id !== key.benefit_id) throw notFound();
  if (body.customer_id != null && body.customer_id !== key.customer_id) throw notFound();
  const activation = body.activation_id == null ? null : polar.activations.get(body.activation_id);
  if (activation !== null) {
    if (activation?.license_key_id !== key.id) throw notFound();
    if (!sameConditions(activation.conditions, body.conditions ?? {})) throw notFound();
  }
  const increment = body.increment_usage ?? 0;
  if (key.limit_usage !== null && increment > 0 && key.usage + increment > key.limit_usage) {
    const left = key.limit_usage - key.usage;
    throw failed(400, 'BadRequest', `License key only has ${left} more usages.`);
  }
  Object.assign(key, {
    usage: key.usage + increment,
    validations: key.validations + 1,
    last_validated_at: polar.now(),
  });
  polar.licenseKeys.put(key);
  return { ...showKey(polar, key), activation: activation === null ? null : showActivation(activation) };
}

function activate(polar: PolarContext, body: z.output<typeof activateBody>): object {
  const key = byKey(polar, body);
  if (!isUsable(polar, key)) throw failed(403, 'NotPermitted', 'License key is no longer active.');
  const count = polar.activations.findBy('key', key.id).length;
  if (key.limit_activations === null)
    throw failed(403, 'NotPermitted', 'This license key does not support activations.');
  if (count >= key.limit_activations)
    throw failed(403, 'NotPermitted', `License key activation limit already reached (${key.limit_activations}).`);
  const activation = polar.activations.put({
    id: uuid(),
    created_at: polar.now(),
    modified_at: null,
    license_key_id: key.id,
    label: body.label,
    meta: body.meta ?? {},
    conditions: body.conditions ?? {},
  });
  return { ...showActivation(activation), license_key: showKey(polar, key) };
}

function deactivate(polar: PolarContext, body: z.output<typeof deactivateBody>): void {
  const key = byKey(polar, body);
  const activation = polar.activations.get(body.activation_id);
  if (activation?.license_key_id !== key.id) throw notFound();
  polar.activations.remove(activation.id);
}

function update(polar: PolarContext, key: LicenseKey, body: z.output<typeof updateBody>): object {
  const given = Object.entries(body).filter(([name, value]) => value != null || (value === null && name !== 'status'));
  Object.assign(key, Object.fromEntries(given), { modified_at: polar.now() });
  polar.licenseKeys.put(key);
  return showKey(polar, key);
}

/** The same three calls with a token, and without one for software at the customer's. */
function useRoutes(polar: PolarContext, prefix: string): Route[] {
  return [
    {
      method: 'post',
      path: `${prefix}/validate`,
      operations: ['license_keys.validate'],
      handle: (request) => ({ status: 200, body: validate(polar, parse(validateBody, request)) }),
    },
    {
      method: 'post',
      path: `${prefix}/activate`,
      operations: ['license_keys.activate'],
      handle: (request) => ({ status: 200, body: activate(polar, parse(activateBody, request)) }),
    },
    {
      method: 'post',
      path: `${prefix}/deactivate`,
      operations: ['license_keys.deactivate'],
      handle: (request) => (deactivate(polar, parse(deactivateBody, request)), { status: 204 }),
    },
  ];
}

export function licenseKeyRoutes(polar: PolarContext): Route[] {
  const found = byPathId(polar.licenseKeys, notFound);
  const path = '/v1/license-keys/:id';
  return [
    {
      method: 'get',
      path: '/v1/license-keys/',
      operations: ['license_keys.list'],
      handle(request) {
        const keep = (doc: LicenseKey): boolean =>
          ['benefit_id', 'status', 'customer_id'].every((name) => oneOf(request, name, doc[name]));
        return {
          status: 200,
          body: listPage(request, polar.licenseKeys.newestFirst(), keep, (doc) => showKey(polar, doc)),
        };
      },
    },
    ...useRoutes(polar, '/v1/license-keys'),
    ...useRoutes(polar, '/v1/customer-portal/license-keys'),
    {
      method: 'get',
      path,
      operations: ['license_keys.get'],
      handle: (request) => ({ status: 200, body: withActivations(polar, found(request)) }),
    },
    {
      method: 'patch',
      path,
      operations: ['license_keys.update'],
      handle: (request) => ({ status: 200, body: update(polar, found(request), parse(updateBody, request)) }),
    },
    {
      method: 'post',
      path: `${path}/rotate`,
      operations: ['license_keys.rotate'],
      handle: (request) => ({ status: 200, body: showKey(polar, rotateKey(polar, found(request))) }),
    },
    {
      method: 'get',
      path: `${path}/activations/:activation`,
      operations: ['license_keys.activation'],
      handle(request) {
        const key = found(request);
        const activation = polar.activations.get(request.params['activation'] ?? '');
        if (activation?.license_key_id !== key.id) throw notFound();
        return { status: 200, body: { ...showActivation(activation), license_key: showKey(polar, key) } };
      },
    },
  ];
}

import { z } from 'zod';
import { BillingError } from '../../domain/errors.ts';
import type { JsonApi } from '../json-api.ts';
import type { LicenseKeyOperations } from '../port-catalog.ts';
import { mapLicenseKey } from './map-benefits.ts';
import type { PolarOrganization } from './organization.ts';
import { readPage } from './paging.ts';
import { polarActivation, polarLicenseKey } from './wire-benefits.ts';

/** By the organization's token, not the tokenless twins of the portal, which are held to 3 calls a second. */
export function createPolarLicenseKeys(
  api: JsonApi,
  organization: () => Promise<PolarOrganization>,
): LicenseKeyOperations {
  return {
    /** No filter by customer at Polar: a page may hold fewer, or none, of that customer's. */
    async list({ providerCustomerId, ...query }) {
      const page = await readPage(
        api,
        { operation: 'license_keys.list', path: '/v1/license-keys/', item: polarLicenseKey },
        query,
      );
      const own = page.items.filter(
        (key) => providerCustomerId === undefined || key.customer_id === providerCustomerId,
      );
      return { items: own.map(mapLicenseKey), nextCursor: page.nextCursor };
    },
    /** 404 stands for unknown, inactive, expired and mismatching alike; 400: its usage is used up. */
    async validate({ key, activationId, incrementUsage, conditions }) {
      const { id } = await organization();
      const found = await api
        .find({
          operation: 'license_keys.validate',
          method: 'POST',
          path: '/v1/license-keys/validate',
          body: {
            key,
            organization_id: id,
            ...(activationId === null ? {} : { activation_id: activationId }),
            ...(incrementUsage === null ? {} : { increment_usage: incrementUsage }),
            ...(conditions === undefined ? {} : { conditions }),
          },
          reply: polarLicenseKey,
        })
        .catch((error: unknown) => {
          throw hasStatus(error, 400) ? refused('license_usage_exceeded', 'The key has no usage left.') : error;
        });
      return found && mapLicenseKey(found);
    },
    async activate({ key, label, conditions }) {
      const { id } = await organization();
      const activation = await api
        .find({
          operation: 'license_keys.activate',
          method: 'POST',
          path: '/v1/license-keys/activate',
          body: { key, organization_id: id, label, conditions },
          reply: polarActivation,
        })
        .catch((error: unknown) => {
          throw hasStatus(error, 422, 'NotPermitted') ? notActivated() : error;
        });
      if (!activation) throw notActivated();
      return { activationId: activation.id, licenseKey: mapLicenseKey(activation.license_key) };
    },
    async deactivate({ key, activationId }) {
      const { id } = await organization();
      await api.find({
        operation: 'license_keys.deactivate',
        method: 'POST',
        path: '/v1/license-keys/deactivate',
        body: { key, organization_id: id, activation_id: activationId },
        reply: z.unknown(),
      });
    },
  };
}

function notActivated(): BillingError {
  return refused(
    'license_activation_refused',
    'The key is unknown, inactive, expired, or at its limit of activations.',
  );
}

function refused(code: string, message: string): BillingError {
  return new BillingError({ code, kind: 'conflict', message, details: { provider: 'polar' } });
}

function hasStatus(error: unknown, status: number, code?: string): boolean {
  if (!(error instanceof BillingError) || error.details.status !== status) return false;
  return code === undefined || error.details.provider_code === code;
}

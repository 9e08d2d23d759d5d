import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import type { DashboardSettings, FungiesContext } from './context.ts';
import { invalid, success } from './errors.ts';
import { ImportRefusal, importInput, importRecords } from './import.ts';
import { parse } from './validation.ts';

const settingsBody = z
  .object({
    declaredFields: z.array(z.string().min(1)),
    redirectUrl: z.url().nullable(),
    redirectParameters: z.array(z.enum(['fngs-order-id', 'fngs-user-email', 'fngs-product-internal-id'])),
    currency: z.string().length(3).toUpperCase(),
    taxPercent: z.number().min(0).max(100),
    testMode: z.boolean(),
    firstPurchaseOrder: z.enum(['alternate', 'subscription_first', 'payment_first']),
    cancelledEventAt: z.enum(['lapse', 'request']),
  })
  .partial();

function given(body: z.output<typeof settingsBody>): Partial<DashboardSettings> {
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined));
}

/**
 * What a merchant does in the dashboard, outside the real API: its settings, and data from before our time. Under
 * `/fungies/dashboard`, with both keys.
 */
export function dashboardRoutes(fungies: FungiesContext): Route[] {
  return [
    { method: 'get', path: '/dashboard/settings', operations: [], handle: () => success(fungies.settings()) },
    {
      method: 'patch',
      path: '/dashboard/settings',
      operations: [],
      handle: (request) => success(fungies.configure(given(parse(settingsBody, request)))),
    },
    {
      method: 'post',
      path: '/dashboard/import',
      operations: [],
      handle(request) {
        try {
          return success(importRecords(fungies, parse(importInput, request)));
        } catch (error) {
          throw error instanceof ImportRefusal ? invalid(error.message) : error;
        }
      },
    },
  ];
}

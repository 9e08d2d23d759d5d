import { z } from 'zod';
import type { Route } from '../http/answer.ts';
import { PLAIN, prepareCharges } from './charging.ts';
import type { ConektaContext } from './context.ts';
import { invalid, notFound, precondition } from './errors.ts';
import { listPage } from './listing.ts';
import type { Charge, Order } from './objects.ts';
import { showCharge, showOrder } from './order-object.ts';
import { chargeBody } from './order-params.ts';
import { requireOrder } from './orders.ts';
import { capture, saveOrder } from './settlement.ts';
import { parse } from './validation.ts';

const captureBody = z.strictObject({ amount: z.int().min(1).optional() });
const updateBody = z.strictObject({ reference_id: z.string().max(255).optional() });

const EMPTY_PAGE = { next_page_url: null, previous_page_url: null, has_more: false, object: 'list' };

function requireUnpaid(order: Order): void {
  const status = order.payment_status;
  if (status === null || status === 'declined' || status === 'pending_payment') return;
  throw precondition(
    'order.cannot_be_charged',
    `The order is ${status} and takes no more charges.`,
    `La orden está en ${status} y no admite más cargos.`,
  );
}

function captureOrder(conekta: ConektaContext, order: Order, wanted: number | undefined): void {
  const charge = order.charges.find(({ status }) => status === 'pre_authorized');
  if (!charge)
    throw precondition(
      'order.cannot_be_captured',
      'The order has no pre-authorized charge.',
      'La orden no tiene un cargo preautorizado.',
    );
  const amount = wanted ?? charge.amount;
  if (amount > charge.amount)
    throw invalid(
      'amount',
      'range',
      `At most ${charge.amount} can be captured.`,
      `Se puede capturar a lo más ${charge.amount}.`,
    );
  capture(conekta, order, charge, amount);
}

function* newestCharges(conekta: ConektaContext): Generator<Charge> {
  for (const order of conekta.orders.newestFirst()) yield* order.charges.toReversed();
}

export function requireCharge(conekta: ConektaContext, id: string): { order: Order; charge: Charge } {
  const order = conekta.orders.findBy('charge', id)[0];
  const charge = order?.charges.find((each) => each.id === id);
  if (!order || !charge) throw notFound('Charge', id);
  return { order, charge };
}

export function chargeRoutes(conekta: ConektaContext): Route[] {
  const charging = (path: string, asList: boolean): Route => ({
    method: 'post',
    path,
    operations: ['charges.create'],
    handle(request) {
      const order = requireOrder(conekta, request);
      const body = parse(chargeBody, request);
      requireUnpaid(order);
      const [charge] = prepareCharges(conekta, order, [body], PLAIN)();
      const shown = charge ? [showCharge(charge)] : [];
      // The schema has a list for the one and an object for the other; recorded samples have both for both.
      return { status: 200, body: asList ? { ...EMPTY_PAGE, data: shown } : shown[0] };
    },
  });
  return [
    {
      method: 'get',
      path: '/charges',
      operations: ['charges.list'],
      handle(request) {
        const search = request.query.get('search')?.toLowerCase() ?? '';
        const keep = (charge: Charge): boolean =>
          JSON.stringify([charge.id, charge.reference_id, charge['order_id']]).toLowerCase().includes(search);
        return {
          status: 200,
          body: listPage(request, newestCharges(conekta), conekta.sandbox.publicUrl(), keep, showCharge),
        };
      },
    },
    {
      method: 'put',
      path: '/charges/:id',
      operations: ['charges.update'],
      handle(request) {
        const { order, charge } = requireCharge(conekta, request.params['id'] ?? '');
        charge.reference_id = parse(updateBody, request).reference_id ?? charge.reference_id;
        saveOrder(conekta, order);
        return { status: 200, body: showCharge(charge) };
      },
    },
    charging('/orders/:id/charges', false),
    charging('/orders/:id/add_charges', true),
    {
      method: 'post',
      path: '/orders/:id/capture',
      operations: ['orders.capture'],
      handle(request) {
        const order = requireOrder(conekta, request);
        captureOrder(conekta, order, parse(captureBody, request).amount);
        return { status: 200, body: showOrder(order) };
      },
    },
  ];
}

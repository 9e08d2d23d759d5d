import type { z } from 'zod';
import { base58 } from '../core/ids.ts';
import type { ApiRequest, Route } from '../http/answer.ts';
import type { ConektaContext } from './context.ts';
import { notFound, precondition } from './errors.ts';
import { listPage } from './listing.ts';
import type { Order } from './objects.ts';
import { newLineItem } from './order-object.ts';
import { discountLine, lineItem, shippingLine, taxLine } from './order-params.ts';
import { requireOrder } from './orders.ts';
import { saveOrder } from './settlement.ts';
import { parse } from './validation.ts';

type Line = Record<string, unknown>;

interface LineKind {
  path: 'line_items' | 'tax_lines' | 'discount_lines' | 'shipping_lines';
  noun: string;
  body: z.ZodObject;
  of: (order: Order) => Line[];
  make: (order: Order, body: Line) => Line;
}

const lineOf =
  (object: string, prefix: string) =>
  (order: Order, body: Line): Line => ({ ...body, object, id: `${prefix}_${base58(17)}`, parent_id: order.id });

// The arrays hold exactly what these schemas let through.
const KINDS: readonly LineKind[] = [
  {
    path: 'line_items',
    noun: 'LineItem',
    body: lineItem,
    of: (order) => order.line_items,
    make: (order, body) => newLineItem(order.id, lineItem.parse(body)),
  },
  {
    path: 'tax_lines',
    noun: 'TaxLine',
    body: taxLine,
    of: (order) => order.taxes,
    make: lineOf('tax_line', 'tax_lin'),
  },
  {
    path: 'discount_lines',
    noun: 'DiscountLine',
    body: discountLine,
    of: (order) => order.discounts,
    make: lineOf('discount_line', 'dis_lin'),
  },
  {
    path: 'shipping_lines',
    noun: 'ShippingLine',
    body: shippingLine,
    of: (order) => order.shipping,
    make: lineOf('shipping_line', 'ship_lin'),
  },
];

function retotal(order: Order): void {
  const sum = (lines: readonly { amount: number }[]): number => lines.reduce((total, { amount }) => total + amount, 0);
  const items = order.line_items.reduce((total, line) => total + line.unit_price * line.quantity, 0);
  order.amount = items + sum(order.taxes) + sum(order.shipping) - sum(order.discounts);
}

function requireChangeable(order: Order): void {
  if (order.charges.length === 0) return;
  throw precondition(
    'order.cannot_be_updated_because_has_charge',
    'The order cannot be updated because it has a charge.',
    'La orden no puede ser actualizada porque tiene un cargo.',
  );
}

function routesOf(conekta: ConektaContext, kind: LineKind): Route[] {
  const found = (order: Order, request: ApiRequest): Line => {
    const id = request.params['line'] ?? '';
    const line = kind.of(order).find((each) => each['id'] === id);
    if (!line) throw notFound(kind.noun, id);
    return line;
  };
  const changing = (work: (order: Order, request: ApiRequest) => Line) => (request: ApiRequest) => {
    const order = requireOrder(conekta, request);
    requireChangeable(order);
    const line = work(order, request);
    retotal(order);
    saveOrder(conekta, order, 'updated');
    return { status: 200, body: line };
  };
  const path = `/orders/:id/${kind.path}`;
  const operations = ['orders.update'];
  return [
    {
      method: 'post',
      path,
      operations,
      handle: changing((order, request) => {
        const line = kind.make(order, parse(kind.body, request));
        kind.of(order).push(line);
        return line;
      }),
    },
    {
      method: 'put',
      path: `${path}/:line`,
      operations,
      handle: changing((order, request) => Object.assign(found(order, request), parse(kind.body.partial(), request))),
    },
    {
      method: 'delete',
      path: `${path}/:line`,
      operations,
      handle: changing((order, request) => {
        const line = found(order, request);
        const lines = kind.of(order);
        lines.splice(lines.indexOf(line), 1);
        return line;
      }),
    },
    ...(kind.path === 'discount_lines'
      ? [
          {
            method: 'get' as const,
            path,
            operations: ['orders.get'],
            handle(request: ApiRequest) {
              const lines = kind
                .of(requireOrder(conekta, request))
                .map((line) => ({ ...line, id: String(line['id']) }));
              return {
                status: 200,
                body: listPage(
                  request,
                  lines,
                  conekta.sandbox.publicUrl(),
                  () => true,
                  (line) => line,
                ),
              };
            },
          },
          {
            method: 'get' as const,
            path: `${path}/:line`,
            operations: ['orders.get'],
            handle: (request: ApiRequest) => ({ status: 200, body: found(requireOrder(conekta, request), request) }),
          },
        ]
      : []),
  ];
}

/** Lines of an order that nobody has charged yet; its amount follows them. */
export function orderLineRoutes(conekta: ConektaContext): Route[] {
  return KINDS.flatMap((kind) => routesOf(conekta, kind));
}

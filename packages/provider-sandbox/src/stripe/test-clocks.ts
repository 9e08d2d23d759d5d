import { z } from 'zod';
import { base62 } from '../core/ids.ts';
import type { Route } from '../http/answer.ts';
import { byPathId } from '../http/path-id.ts';
import type { StripeContext } from './context.ts';
import { invalid, noSuch } from './errors.ts';
import { listPage } from './listing.ts';
import { expand, formOf, integer, page, parse, text } from './params.ts';

const PATH = '/v1/test_helpers/test_clocks';
const KEPT_S = 30 * 86_400;

function forward(stripe: StripeContext, frozenTime: number): void {
  const { clock, agenda } = stripe.sandbox;
  if (frozenTime * 1000 <= clock.nowMs()) return;
  clock.moveTo(frozenTime * 1000);
  agenda.runDue();
}

/** Stripe's clocks move a few customers; here each of them moves the one clock of the sandbox, forward only. */
export function testClockRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.testClocks, (id) => noSuch('billing clock', id, 'test_clock'));
  return [
    {
      method: 'post',
      path: PATH,
      operations: ['test_clocks.create'],
      handle(request) {
        const params = parse(
          z.strictObject({ customer: text.optional(), expand, frozen_time: integer, name: text.optional() }),
          formOf(request),
        );
        const clock = stripe.testClocks.put({
          id: `clock_1${base62(23)}`,
          object: 'test_helpers.test_clock',
          created: stripe.now(),
          deletes_after: params.frozen_time + KEPT_S,
          frozen_time: params.frozen_time,
          livemode: false,
          name: params.name ?? null,
          status: 'ready',
          status_details: {},
        });
        forward(stripe, params.frozen_time);
        stripe.emit('test_helpers.test_clock.created', clock);
        return { status: 200, body: clock };
      },
    },
    {
      method: 'get',
      path: PATH,
      operations: ['test_clocks.list'],
      handle: (request) => ({
        status: 200,
        body: listPage(stripe.testClocks.newestFirst(), PATH, parse(z.strictObject(page), formOf(request))),
      }),
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['test_clocks.get'],
      handle: (request) => ({ status: 200, body: found(request) }),
    },
    {
      method: 'post',
      path: `${PATH}/:id/advance`,
      operations: ['test_clocks.advance'],
      handle(request) {
        const clock = found(request);
        const { frozen_time: to } = parse(z.strictObject({ expand, frozen_time: integer }), formOf(request));
        if (to <= clock.frozen_time) {
          throw invalid('`frozen_time` must be after the current time of the clock.', { param: 'frozen_time' });
        }
        stripe.emit('test_helpers.test_clock.advancing', { ...clock, status: 'advancing' });
        clock.frozen_time = to;
        forward(stripe, to);
        stripe.testClocks.put(clock);
        stripe.emit('test_helpers.test_clock.ready', clock);
        // The work is done before the answer; the real one answers first and works on.
        return { status: 200, body: { ...clock, status: 'advancing' } };
      },
    },
    {
      method: 'delete',
      path: `${PATH}/:id`,
      operations: ['test_clocks.delete'],
      handle(request) {
        const { id } = found(request);
        stripe.testClocks.remove(id);
        return { status: 200, body: { id, object: 'test_helpers.test_clock', deleted: true } };
      },
    },
  ];
}

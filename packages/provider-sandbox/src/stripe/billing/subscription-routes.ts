import { z } from 'zod';
import type { ApiRequest, Route } from '../../http/answer.ts';
import { byPathId } from '../../http/path-id.ts';
import type { StripeContext } from '../context.ts';
import { invalid, noSuch } from '../errors.ts';
import { expanded } from '../expand.ts';
import { inRange, listPage } from '../listing.ts';
import type { Subscription } from '../objects.ts';
import { expand, formOf, page, parse, text } from '../params.ts';
import { createSubscription } from './create-subscription.ts';
import { isEnded } from './lifecycle.ts';
import {
  subscriptionCancel,
  subscriptionCreate,
  subscriptionList,
  subscriptionPause,
  subscriptionResume,
  subscriptionUpdate,
} from './subscription-params.ts';
import {
  cancelSubscription,
  pauseSubscription,
  resumeSubscription,
  updateSubscription,
} from './update-subscription.ts';

const PATH = '/v1/subscriptions';

function hasStatus(doc: Subscription, wanted: string | undefined): boolean {
  if (wanted === undefined) return doc.status !== 'canceled';
  if (wanted === 'ended') return isEnded(doc);
  return wanted === 'all' || doc.status === wanted;
}

function keepSubscription(params: z.output<typeof subscriptionList>): (doc: Subscription) => boolean {
  return (doc) =>
    hasStatus(doc, params.status) &&
    (params.price === undefined || doc.items.data.some((item) => item.price.id === params.price)) &&
    (params.collection_method === undefined || doc.collection_method === params.collection_method) &&
    doc.items.data.some((item) => inRange(item.current_period_end, params.current_period_end)) &&
    doc.items.data.some((item) => inRange(item.current_period_start, params.current_period_start)) &&
    inRange(doc.created, params.created);
}

/** Exact clauses joined by `AND`: `status:'active'`, `metadata['key']:'value'`. */
function matcherOf(query: string): (doc: Subscription) => boolean {
  const clauses = query.split(/\s+AND\s+/).map((clause) => {
    const [, key, field, value = ''] =
      /^(?:metadata\[['"]([^'"]+)['"]\]|(status)):['"]([^'"]*)['"]$/.exec(clause.trim()) ?? [];
    if (key === undefined && field === undefined)
      throw invalid('We were unable to parse your search query.', { param: 'query' });
    return (doc: Subscription): boolean => (key === undefined ? doc.status === value : doc.metadata[key] === value);
  });
  return (doc) => clauses.every((matches) => matches(doc));
}

function reads(stripe: StripeContext, found: (request: ApiRequest) => Subscription): Route[] {
  return [
    {
      method: 'get',
      path: PATH,
      operations: ['subscriptions.list'],
      handle(request) {
        const params = parse(subscriptionList, formOf(request));
        const source =
          params.customer === undefined
            ? stripe.subscriptions.newestFirst()
            : stripe.subscriptions.findBy('customer', params.customer).reverse();
        const list = listPage(source, PATH, params, keepSubscription(params));
        return { status: 200, body: expanded(stripe, list, params.expand) };
      },
    },
    {
      method: 'get',
      path: `${PATH}/search`,
      operations: ['subscriptions.search'],
      handle(request) {
        const params = parse(
          z.strictObject({ query: text, limit: page.limit, page: text.optional(), expand }),
          formOf(request),
        );
        const list = listPage(stripe.subscriptions.newestFirst(), `${PATH}/search`, params, matcherOf(params.query));
        return {
          status: 200,
          body: expanded(stripe, { ...list, object: 'search_result', next_page: null }, params.expand),
        };
      },
    },
    {
      method: 'get',
      path: `${PATH}/:id`,
      operations: ['subscriptions.get'],
      handle(request) {
        const params = parse(z.strictObject({ expand }), formOf(request));
        return { status: 200, body: expanded(stripe, found(request), params.expand) };
      },
    },
  ];
}

export function subscriptionRoutes(stripe: StripeContext): Route[] {
  const found = byPathId(stripe.subscriptions, (id) => noSuch('subscription', id, 'id'));
  const act = <T extends z.ZodType<{ expand?: string[] | undefined }>>(
    input: { method: 'post' | 'delete'; path: string; operation: string; schema: T },
    work: (subscription: Subscription, params: z.output<T>) => Subscription,
  ): Route => ({
    method: input.method,
    path: `${PATH}/:id${input.path}`,
    operations: [`subscriptions.${input.operation}`],
    handle(request) {
      const subscription = found(request);
      const params = parse(input.schema, formOf(request));
      return { status: 200, body: expanded(stripe, work(subscription, params), params.expand) };
    },
  });
  return [
    ...reads(stripe, found),
    {
      method: 'post',
      path: PATH,
      operations: ['subscriptions.create'],
      handle(request) {
        const params = parse(subscriptionCreate, formOf(request));
        return { status: 200, body: expanded(stripe, createSubscription(stripe, params), params.expand) };
      },
    },
    act({ method: 'post', path: '', operation: 'update', schema: subscriptionUpdate }, (subscription, params) =>
      updateSubscription(stripe, subscription, params),
    ),
    act({ method: 'post', path: '/pause', operation: 'pause', schema: subscriptionPause }, (subscription) =>
      pauseSubscription(stripe, subscription),
    ),
    act({ method: 'post', path: '/resume', operation: 'resume', schema: subscriptionResume }, (subscription, params) =>
      resumeSubscription(stripe, subscription, params),
    ),
    act({ method: 'delete', path: '', operation: 'cancel', schema: subscriptionCancel }, (subscription, params) => {
      if (isEnded(subscription)) throw noSuch('subscription', subscription.id, 'id');
      return cancelSubscription(stripe, subscription, params);
    }),
  ];
}

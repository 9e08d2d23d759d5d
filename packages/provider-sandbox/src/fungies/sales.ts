import { uuid } from '../core/ids.ts';
import type { FungiesContext } from './context.ts';
import { discountFor } from './discounts.ts';
import type { Discount, Item, Offer, Sale } from './objects.ts';
import { offerItem, totalOf } from './records.ts';

export const SALE_PATH = '/fungies/store/sale';

const CHECKOUT_LINK = /(?:^|\/)(checkout|checkout-element)\/([^/?#]+)(\?[^#]*)?/;
const OFFER_WITH_QUERY = /^([0-9a-f-]{36})(\?[^#]*)?$/;

interface Link {
  kind: 'offer' | 'element';
  id: string;
  query: URLSearchParams;
}

/** A full link, its path, or `offerId?checkout_id=…`; null for anything else. */
export function readLink(text: string): Link | null {
  const [, path, linked, linkedQuery] = CHECKOUT_LINK.exec(text) ?? [];
  if (linked !== undefined)
    return {
      kind: path === 'checkout-element' ? 'element' : 'offer',
      id: decodeURIComponent(linked),
      query: new URLSearchParams(linkedQuery ?? ''),
    };
  const [, offerId, query] = OFFER_WITH_QUERY.exec(text) ?? [];
  return offerId === undefined ? null : { kind: 'offer', id: offerId, query: new URLSearchParams(query ?? '') };
}

function keyOf({ kind, id, query }: Link): string {
  const sorted = new URLSearchParams(query);
  sorted.sort();
  return `${kind}/${id}?${sorted.toString()}`;
}

function isOnSale(offer: Offer | undefined): offer is Offer {
  return offer?.archivedAt === null && offer.status === 'ACTIVE' && (offer.limit ?? Infinity) > offer.soldItems;
}

/** The offers a link sells now; null when any of them cannot be sold. */
function offersOf(fungies: FungiesContext, link: Link): { offerIds: string[]; elementId: string | null } | null {
  const element = link.kind === 'element' ? fungies.elements.get(link.id) : null;
  if (element === undefined || element?.status === 'DRAFT') return null;
  const offerIds = element?.offerIds ?? [link.id];
  return offerIds.every((id) => isOnSale(fungies.offers.get(id))) ? { offerIds, elementId: element?.id ?? null } : null;
}

function open(fungies: FungiesContext, link: Link): Sale | null {
  const offers = offersOf(fungies, link);
  if (!offers) return null;
  const text = (name: string): string | null => link.query.get(name) || null;
  const customer = (name: string): string | null => text(`fngs-customer-${name}`);
  const element = offers.elementId === null ? undefined : fungies.elements.get(offers.elementId);
  // Undeclared keys are dropped, as the real page drops them.
  const declared = fungies.settings().declaredFields.flatMap((name) => {
    const value = element?.customFields[name] ?? text(name);
    return value === null ? [] : [[name, value] as const];
  });
  const quantity = Number(text('fngs-quantity') ?? '1');
  return fungies.sales.put({
    id: uuid(),
    linkKey: keyOf(link),
    ...offers,
    state: 'open',
    quantity: Number.isInteger(quantity) && quantity > 0 ? quantity : 1,
    discountCode: text('fngs-discount-code'),
    customFields: Object.fromEntries(declared),
    needsEveryField: true,
    email: customer('email'),
    firstName: customer('first-name'),
    lastName: customer('last-name'),
    country: customer('country'),
    region: customer('state'),
    city: customer('city'),
    zipCode: customer('zip-code'),
    createdAt: fungies.now(),
    orderId: null,
  });
}

/** A person opens a link: an unpaid visit of the same link goes on, anything else begins a sale. */
export function visit(fungies: FungiesContext, link: Link): Sale | null {
  const last = fungies.sales.findBy('link', keyOf(link)).at(-1);
  return last?.state === 'open' ? last : open(fungies, link);
}

/**
 * `<checkout_id>~<offerId>~<userId>…`: an application that makes links has no id of Fungies' to call a sale by, only what
 * it put into the link. Begins the sale where nobody opened the link yet.
 */
function findComposed(fungies: FungiesContext, name: string): Sale | null {
  const [checkoutId, offerId, userId] = name.split('~');
  if (!checkoutId || offerId === undefined) return null;
  const known = fungies.sales.findBy('lookup', checkoutId).findLast(({ offerIds }) => offerIds.includes(offerId));
  if (known) return known;
  const query = new URLSearchParams({ checkout_id: checkoutId });
  const email = fungies.users.get(userId ?? '')?.email;
  if (email !== undefined) query.set('fngs-customer-email', email);
  const sale = open(fungies, { kind: 'offer', id: offerId, query });
  return sale && fungies.sales.put(Object.assign(sale, { needsEveryField: false }));
}

/**
 * The sale a test or a page names: its id, a value of its custom fields (the newest one), its link, or what is composed
 * of checkout, offer and user. A link nobody
 * has opened yet is opened; a paid one stays the paid sale, so that asking again does not sell twice.
 */
export function findSale(fungies: FungiesContext, name: string): Sale | null {
  const known = fungies.sales.get(name) ?? fungies.sales.findBy('lookup', name).at(-1);
  if (known) return known;
  if (name.includes('~')) return findComposed(fungies, name);
  const link = readLink(name);
  if (!link) return null;
  return fungies.sales.findBy('link', keyOf(link)).at(-1) ?? open(fungies, link);
}

export const saleUrl = (fungies: FungiesContext, sale: Sale): string =>
  `${fungies.sandbox.publicUrl()}${SALE_PATH}/${sale.id}`;

export interface Basket {
  items: Item[];
  offer: Offer | null;
  isTrial: boolean;
  discount: { discount: Discount; value: number } | null;
  subtotal: number;
  /** What is taken today, in minor units. */
  due: number;
}

export function basketOf(fungies: FungiesContext, sale: Sale): Basket {
  const offers = sale.offerIds.flatMap((id) => fungies.offers.get(id) ?? []);
  const items = offers.map((offer) => offerItem(offer, sale.quantity, sale.customFields));
  const offer = offers.find(({ recurringInterval }) => recurringInterval !== null) ?? null;
  const isTrial = offer?.trialInterval != null;
  const discount = sale.discountCode === null ? null : discountFor(fungies, sale.discountCode, items);
  const subtotal = totalOf(items);
  return { items, offer, isTrial, discount, subtotal, due: isTrial ? 0 : subtotal - (discount?.value ?? 0) };
}

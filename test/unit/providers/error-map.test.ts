import { describe, expect, it } from 'vitest';
import { BillingError } from '../../../src/domain/errors.ts';
import { defaultReactions, reactionTo, type MappedFault } from '../../../src/domain/routing/reaction.ts';
import { moduleOf, providerIds } from '../../../src/providers/accounts.ts';
import { defineErrorMap, faultOf } from '../../../src/providers/error-map.ts';
import {
  discountCodeUnknown,
  fromTransport,
  OutcomeUnknownError,
  rateLimited,
} from '../../../src/providers/failures.ts';
import { TransportError } from '../../../src/providers/http.ts';

const aFault = (changes: Partial<MappedFault> = {}): MappedFault => ({
  ...{ kind: 'invalid', code: 'provider_rejected', providerCode: null, status: null, param: null, ...changes },
});
const ask = (id: string, fault: MappedFault) => reactionTo(moduleOf(id).errorMap, fault);
const entry = { reaction: 'stop', because: 'x', source: 'y' };

describe('an error map', () => {
  it.each(['polar', 'conekta', 'stripe', 'fungies'])('of %s is loaded with its module', (id) => {
    expect(moduleOf(id).errorMap.errors.length).toBeGreaterThan(5);
  });

  it.each([
    ['names nothing', { repeats_by_key: false, errors: [entry] }],
    ['has an unknown reaction', { repeats_by_key: false, errors: [{ ...entry, code: 'x', reaction: 'hope' }] }],
    [
      'refuses and goes on',
      { repeats_by_key: false, errors: [{ ...entry, code: 'x', reaction: 'retry', refusal: 'email_invalid' }] },
    ],
    [
      'says a thing twice',
      {
        repeats_by_key: false,
        errors: [
          { ...entry, code: 'x' },
          { ...entry, code: 'x' },
        ],
      },
    ],
    ['has no source', { repeats_by_key: false, errors: [{ code: 'x', reaction: 'stop', because: 'x' }] }],
    ['has a field more', { repeats_by_key: false, errors: [], colour: 'red' }],
  ])('that %s is refused, naming its file', (_, document) => {
    expect(() => defineErrorMap('acme', document)).toThrow('acme/error-map.json');
  });

  it('takes the first line that fits: code, dotted code, our code, status, class, param', () => {
    const map = defineErrorMap('acme', {
      repeats_by_key: true,
      errors: [
        { ...entry, code: 'used', reaction: 'retry' },
        { ...entry, status: 422, param: 'email', refusal: 'email_invalid' },
        { ...entry, status: 402 },
        { ...entry, status: '4xx', reaction: 'step_up' },
      ],
    });
    const to = (changes: Partial<MappedFault>) => reactionTo(map, aFault(changes)).reaction;
    expect(to({ providerCode: 'used' })).toBe('retry');
    expect(to({ providerCode: 'acme.errors.token.used', status: 402 })).toBe('retry');
    expect(to({ providerCode: 'reused' })).toBe('next_provider');
    expect(to({ code: 'used' })).toBe('retry');
    expect(reactionTo(map, aFault({ status: 422, param: 'body.customer.email' })).refusal).toBe('email_invalid');
    expect(to({ status: 422, param: 'body.email_kind' })).toBe('step_up');
    expect(reactionTo(map, aFault({ status: 402 }))).toMatchObject({ reaction: 'stop', refusal: 'provider_refused' });
    expect(to({ status: 500 })).toBe('next_provider');
  });

  it('falls back to the kind where it says nothing', () => {
    for (const [kind, reaction] of Object.entries(defaultReactions) as [MappedFault['kind'], string][])
      expect(reactionTo(null, aFault({ kind })).reaction).toBe(reaction);
  });

  it('repeats what may have been done only by key', () => {
    const of = (repeats_by_key: boolean) =>
      defineErrorMap('acme', { repeats_by_key, errors: [{ ...entry, code: 'busy', reaction: 'retry' }] });
    const fault = aFault({ kind: 'unknown', providerCode: 'busy' });
    expect(reactionTo(of(true), fault).reaction).toBe('retry');
    expect(reactionTo(of(false), fault).reaction).toBe('next_provider');
    expect(reactionTo(of(false), aFault({ providerCode: 'busy' })).reaction).toBe('retry');
  });
});

describe('what the adapters say', () => {
  it.each(providerIds())('at %s: nothing sent is sent again, a limit or a lost answer is the next one’s', (id) => {
    const notSent = fromTransport(id, new TransportError('not_sent', null));
    expect(ask(id, faultOf(notSent)).reaction).toBe('retry');
    const limited = rateLimited({ provider: id, status: 429, providerCode: null });
    expect(ask(id, faultOf(limited)).reaction).toBe('next_provider');
    const lost = new OutcomeUnknownError('timeout', { provider: id, status: null, providerCode: 'timeout' });
    expect(ask(id, faultOf(lost)).reaction).toBe('next_provider');
    expect(ask(id, faultOf({ outcome: 'unknown', reason: 'api_error', providerCode: null })).reaction).toBe(
      'next_provider',
    );
    const unknown = ask(id, faultOf(discountCodeUnknown(id)));
    const takesCodes = moduleOf(id).abilities.features.discountCode.length > 0;
    expect(unknown.refusal).toBe(takesCodes ? 'discount_code_unknown' : null);
  });

  it('keeps a card error away from the next provider, and has a bank’s wish carried out', () => {
    const declined = { status: 402, provider_code: 'card_declined' };
    const error = (details: object) =>
      new BillingError({ code: 'provider_rejected', kind: 'invalid', message: 'no', details: { ...details } });
    expect(ask('stripe', faultOf(error(declined))).reaction).toBe('stop');
    const challenged = { status: 402, provider_code: 'authentication_required' };
    expect(ask('stripe', faultOf(error(challenged))).reaction).toBe('step_up');
    const used = { kind: 'unknown', providerCode: 'idempotency_key_in_use', status: 409 } as const;
    expect(ask('stripe', aFault(used)).reaction).toBe('retry');
  });
});

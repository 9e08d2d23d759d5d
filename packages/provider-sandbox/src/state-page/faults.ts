import type { ControlDeps } from '../control/control-route.ts';
import { REQUEST_FAULTS, WEBHOOK_FAULTS } from '../core/faults.ts';
import { PROVIDERS } from '../core/types.ts';
import { escape } from '../pages/html.ts';
import { type Place, ROOT, deed, hidden, input, section, select, table } from './parts.ts';

const NUMBERS = ['rate', 'times', 'latency_ms', 'status', 'retry_after_s', 'seed'] as const;

/**
 * The form as the control interface takes it; what was left empty is left out.
 *
 * @throws {SyntaxError} when the body's conditions are no JSON.
 */
export function faultFromForm(fields: URLSearchParams): object {
  const text = (name: string): string => (fields.get(name) ?? '').trim();
  const given = (name: string): [string, string][] => (text(name) === '' ? [] : [[name, text(name)]]);
  const numbers = NUMBERS.flatMap((name) => given(name).map(([, value]) => [name, Number(value)] as const));
  const when = Object.fromEntries([
    ...given('path'),
    ...given('when_account').map(([, id]) => ['account', id] as const),
    ...given('nth').map(([, value]) => ['nth', Number(value)] as const),
    ...given('body').map(([, value]) => ['body', JSON.parse(value) as unknown] as const),
  ]);
  const plain = Object.fromEntries<string | number>([
    ...given('provider'),
    ...given('operation'),
    ...given('kind'),
    ...numbers,
  ]);
  return Object.keys(when).length === 0 ? plain : { ...plain, when };
}

/** Filled with what was typed when it was refused. */
function addForm({ accounts }: ControlDeps, place: Place): string {
  const typed = (name: string): string => place.query[name] ?? '';
  const text = (label: string, name: string, hint: string, attributes = ''): string =>
    input(label, name, `${attributes}placeholder="${escape(hint)}" value="${escape(typed(name))}"`);
  const number = (label: string, name: string, hint: string): string => text(label, name, hint, 'inputmode="decimal" ');
  const kinds = [...REQUEST_FAULTS, ...WEBHOOK_FAULTS].map((kind) => [kind, kind] as const);
  const providers = [['', 'All'] as const, ...PROVIDERS.map((provider) => [provider, provider] as const)];
  const owners = [['', 'All'] as const, ...accounts.all().map(({ id, name }) => [id, name] as const)];
  return `<form method="post" action="${ROOT}/faults" class="grid">${hidden({ account: place.account })}${select('Kind', 'kind', kinds, typed('kind'))}${select('Provider', 'provider', providers, typed('provider'))}${text('Operation or event type', 'operation', 'checkouts.create')}${select('Account', 'when_account', owners, typed('when_account'))}${number('Rate', 'rate', '1')}${number('Times', 'times', 'no end')}${number('Latency, ms', 'latency_ms', '100')}${number('Status', 'status', '500')}${number('Retry after, s', 'retry_after_s', '1')}${number('Seed', 'seed', 'the run’s')}${number('Only the nth', 'nth', 'each')}${text('Path matches', 'path', '^/v1/refunds')}<label class="f wide"><span>Body has (JSON: dotted path to value)</span><textarea name="body" rows="2" placeholder='{"metadata.checkout_id": "chk_1"}'>${escape(typed('body'))}</textarea></label><div><button type="submit">Add fault</button></div></form>`;
}

/** The faults that may still strike, and a form with everything one can have. */
export function faults(deps: ControlDeps, place: Place): string {
  const rows = deps.core.faults
    .list()
    .map((fault) => [
      escape(fault.kind),
      escape(fault.provider ?? 'all'),
      escape(fault.operation ?? 'all'),
      String(fault.rate),
      fault.times === null ? '∞' : String(fault.times),
      String(fault.hits),
      fault.when === null ? '–' : `<code>${escape(JSON.stringify(fault.when))}</code>`,
      deed(place, 'faults/remove', hidden({ id: fault.id }), 'Remove', 'bad'),
    ]);
  const heads = ['Kind', 'Provider', 'Operation', 'Rate', 'Left', 'Hits', 'When', ''];
  return `${section('Faults', table('Faults', heads, rows))}${section('Add a fault', addForm(deps, place))}`;
}

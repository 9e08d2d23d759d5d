import { parseArgs } from 'node:util';
import { moduleOf, providerIds } from '../src/providers/accounts.ts';
import { ownPlace, realPlace, RefusedError, type Place } from './smoke/places.ts';
import { isSame, lines, type Compared } from './smoke/report.ts';
import { smokeProvider, type SmokeInput } from './smoke/smoke-provider.ts';

const usage = `npm run smoke:real -- [options]

Asks each provider's real sandbox for what can be asked without charging anybody (customers, catalogue, checkouts that
nobody pays, discounts, usage, portal, data export …), takes away what it made, and says what differs from our simulator.
It needs the provider's own test keys in the environment, by the names in docs/providers.md. Live keys are refused.

  --provider NAME       only this one; may be repeated (${providerIds().join(', ')})
  --email-domain NAME   of the made-up customers, example.com by default: some providers refuse addresses without mail
  --dry-run             against a second simulator in place of the real sandbox: needs no keys and no network
  --json                one JSON object at the end, and nothing else
  --help

Exit code: 0 the same everywhere, 1 something failed or differs, 2 refused or nothing to do.`;

const { values } = parseArgs({
  options: {
    provider: { type: 'string', multiple: true },
    'email-domain': { type: 'string', default: 'example.com' },
    'dry-run': { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
process.exitCode = values.help ? say(usage, 0) : await smoke();

async function smoke(): Promise<number> {
  const unknown = (values.provider ?? []).filter((id) => !providerIds().includes(id));
  if (unknown.length > 0) return say(`No provider is called ${unknown.join(', ')}.\n\n${usage}`, 2);
  const wanted = values.provider ?? providerIds().filter((id) => values['dry-run'] || isConfigured(id));
  if (wanted.length === 0)
    return say('No provider has its keys in the environment: see docs/providers.md, or try --dry-run.', 2);
  const places = await Promise.all(
    wanted.map(async (id): Promise<readonly [string, Place | string]> => [id, await open(id)]),
  );
  const refused = places.flatMap(([id, place]) => (typeof place === 'string' ? [`✗ ${id}: refused, ${place}`] : []));
  try {
    // All or nothing: whoever has mixed up their keys should look before anything is sent.
    if (refused.length > 0) return say(refused.join('\n'), 2);
    const all: Compared[] = [];
    for (const [id, place] of places)
      if (typeof place !== 'string') all.push(...(await smokeProvider(inputOf(id, place))));
    return summarize(all);
  } finally {
    for (const [, place] of places) if (typeof place !== 'string') await place.close();
  }
}

function inputOf(provider: string, place: Place): SmokeInput {
  return { provider, place, emailDomain: values['email-domain'], onCompared: tell };
}

function isConfigured(id: string): boolean {
  return moduleOf(id).isConfigured(process.env);
}

/** @returns the place, or why it is refused. */
async function open(id: string): Promise<Place | string> {
  try {
    return values['dry-run'] ? await ownPlace(id) : realPlace(id, process.env);
  } catch (error) {
    if (error instanceof RefusedError) return error.message;
    throw error;
  }
}

function tell(compared: Compared): void {
  if (!values.json) console.log(lines(compared));
}

function summarize(all: readonly Compared[]): number {
  const odd = all.filter((compared) => !isSame(compared));
  if (values.json) console.log(JSON.stringify({ dry_run: values['dry-run'], behaviours: all, differ: odd.length }));
  else
    console.log(
      `\n${all.length - odd.length} of ${all.length} as in our simulator${values['dry-run'] ? ' (dry run)' : ''}`,
    );
  return odd.length === 0 ? 0 : 1;
}

function say(text: string, code: number): number {
  (code === 0 ? console.log : console.error)(text);
  return code;
}

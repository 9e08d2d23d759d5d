import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { behaviours } from '../../scripts/smoke/behaviours.ts';
import { ownPlace, realPlace, RefusedError, type OwnPlace } from '../../scripts/smoke/places.ts';
import { isSame, lines } from '../../scripts/smoke/report.ts';
import { smokeProvider } from '../../scripts/smoke/smoke-provider.ts';
import { moduleOf, providerIds } from '../../src/providers/accounts.ts';

/** A run whose real sandbox is a second simulator, set up first. */
async function smoked(provider: string, setUp: (place: OwnPlace) => Promise<void>, asked = behaviours) {
  const place = await ownPlace(provider);
  try {
    await setUp(place);
    return await smokeProvider({
      ...{ provider, place, behaviours: asked, emailDomain: 'example.com', onCompared: () => undefined },
    });
  } finally {
    await place.close();
  }
}

/** Keys and nothing more, as an operator sets them who thinks of production. */
const liveKeysOf = (provider: string) =>
  Object.fromEntries(
    Object.entries(moduleOf(provider).credentials).flatMap(([name, field]) =>
      field.isRequired || field.isSecret ? [[name, field.example.replace('_test_', '_live_')]] : [],
    ),
  );

describe.each(providerIds())('a smoke test of %s', (provider) => {
  it('finds nothing that differs where both sides are the simulator', async () => {
    const all = await smoked(provider, () => Promise.resolve());
    expect(all.length).toBeGreaterThanOrEqual(10);
    expect(all.filter((compared) => !isSame(compared) || compared.onTheWire.length > 0).map(lines)).toEqual([]);
  });

  it('says what fails there and not here', async () => {
    const broken = { provider, operation: null, kind: 'status', status: 503, times: null };
    const all = await smoked(provider, (place) => place.control('faults', broken), behaviours.slice(0, 1));
    const [first] = all;
    expect(first).toMatchObject({ ok: false, problem: expect.stringContaining('provider_error (503') });
    expect(first?.differences).toEqual([expect.stringMatching(/^provider_error .* there, done in ours$/)]);
  });

  it('refuses keys that move real money', () => {
    const env = liveKeysOf(provider);
    expect(moduleOf(provider).isLive(env)).toBe(true);
    expect(() => realPlace(provider, env)).toThrow(RefusedError);
  });
});

describe('npm run smoke:real', () => {
  const script = fileURLToPath(new URL('../../scripts/smoke-real.ts', import.meta.url));
  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
    const { PATH = '' } = process.env;
    return spawnSync(process.execPath, [script, ...args], { env: { PATH, ...env }, encoding: 'utf8' });
  };

  it('has nothing to do without keys, and says so', () => {
    expect(run([])).toMatchObject({ status: 2, stderr: expect.stringContaining('No provider has its keys') });
    expect(run(['--provider', 'nobody'])).toMatchObject({ status: 2 });
    expect(run(['--help'])).toMatchObject({ status: 0, stdout: expect.stringContaining('--dry-run') });
  });

  it('asks nobody when one of the keys is live', () => {
    const [provider = ''] = providerIds();
    expect(run(['--json'], liveKeysOf(provider))).toMatchObject({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(/refused, .*real money/),
    });
  });

  it('tells everything in one object when asked to', () => {
    const [provider = ''] = providerIds().slice(-1);
    const { status, stdout } = run(['--dry-run', '--json', '--provider', provider]);
    expect({ status, answer: JSON.parse(stdout) as unknown }).toMatchObject({
      status: 0,
      answer: { dry_run: true, differ: 0 },
    });
  });
});

import { readActivePolicies } from '../../db/queries/routing-policies.ts';
import type { Db } from '../../db/orm.ts';
import { listBlockedEntries } from '../../db/queries/blocked-countries.ts';
import { readRolloutsInForce } from '../../db/queries/rollouts.ts';
import type { Scope } from '../../db/queries/subscriptions.ts';
import { compilePolicy, type CompiledPolicy } from '../../domain/routing/compile-policy.ts';
import { overlayBlocked, type BlockedCountry } from '../../domain/routing/country.ts';
import type { RolloutInForce } from '../../domain/rollout/place.ts';
import type { Policies } from '../../policies.ts';
import type { Caller } from '../caller.ts';
import { refusal } from '../error-codes.ts';

/** What a project has in force in one mode: what ships, and over it what it has set itself. */
export interface RulesInForce {
  /** By name. */
  readonly policies: ReadonlyMap<string, CompiledPolicy>;
  readonly blockedCountries: readonly BlockedCountry[];
  /** Those of one plan before those of all. */
  readonly rollouts: readonly RolloutInForce[];
}

export interface ProjectRules {
  /**
   * From memory, at most 5 s old. Read again in the background once they are 2 s old, so that nobody waits for it as
   * long as the project is asked for now and then.
   */
  of(scope: Scope): Promise<RulesInForce>;
  /** Reads them again now: after a change through this process. */
  reload(scope: Scope): Promise<RulesInForce>;
}

const freshForMs = 2_000;
const usableForMs = 5_000;
const mostProjects = 10_000;

export function createProjectRules(input: {
  readonly orm: { readonly em: { readonly fork: () => Db } };
  readonly policies: Policies;
  /** Monotonic, in ms. */
  readonly now?: () => number;
}): ProjectRules {
  const { now = () => performance.now() } = input;
  const shipped = new Map([...input.policies.routing].map(([name, policy]) => [name, compilePolicy(policy)]));
  const known = new Map<string, { readonly rules: RulesInForce; readonly readAtMs: number }>();
  const reading = new Map<string, Promise<RulesInForce>>();

  async function read(scope: Scope): Promise<RulesInForce> {
    const key = keyOf(scope);
    const readAtMs = now();
    const [own, blocked, rollouts] = await Promise.all([
      readActivePolicies(input.orm.em.fork(), scope),
      listBlockedEntries(input.orm.em.fork(), scope),
      readRolloutsInForce(input.orm.em.fork(), scope),
    ]);
    const rules = {
      policies: new Map([...shipped, ...own.map((policy) => [policy.name, compilePolicy(policy)] as const)]),
      blockedCountries: overlayBlocked(input.policies.blockedCountries, blocked),
      rollouts,
    };
    // Of two readings the one that began later saw more.
    if ((known.get(key)?.readAtMs ?? -1) <= readAtMs) {
      known.delete(key);
      known.set(key, { rules, readAtMs });
    }
    const [oldest] = known.keys();
    if (known.size > mostProjects && oldest !== undefined) known.delete(oldest);
    return known.get(key)?.rules ?? rules;
  }

  /** One at a time per project and mode. */
  function refresh(scope: Scope): Promise<RulesInForce> {
    const key = keyOf(scope);
    const running = reading.get(key);
    if (running) return running;
    const started = read(scope).finally(() => reading.delete(key));
    reading.set(key, started);
    return started;
  }

  return {
    of(scope) {
      const before = known.get(keyOf(scope));
      const ageMs = before ? now() - before.readAtMs : Infinity;
      if (before && ageMs < freshForMs) return Promise.resolve(before.rules);
      const refreshed = refresh(scope);
      if (!before || ageMs >= usableForMs) return refreshed;
      // If it fails, the next one who asks tries again, and whoever comes after 5 s hears of it.
      refreshed.catch(() => undefined);
      return Promise.resolve(before.rules);
    },
    reload: (scope) => read(scope),
  };
}

/**
 * The policy that decides for the caller's project and mode.
 *
 * @throws {BillingError} `routing_policy_inactive`
 */
export async function policyInForce(rules: ProjectRules, caller: Caller): Promise<CompiledPolicy> {
  const name = caller.project.routingPolicy;
  const found = (await rules.of(caller)).policies.get(name) ?? (await rules.reload(caller)).policies.get(name);
  if (found) return found;
  throw refusal(
    'routing_policy_inactive',
    `The project's routing policy ${name} has no active version in ${caller.live ? 'live' : 'test'} mode.`,
    { retryAfterMs: 30_000 },
  );
}

function keyOf({ projectId, live }: Scope): string {
  return `${projectId}/${live ? 'live' : 'test'}`;
}

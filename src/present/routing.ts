import type {
  BlockedCountryAnswer,
  FindingAnswer,
  NamedPolicyAnswer,
  PolicyDryRunAnswer,
  PolicyVersionAnswer,
} from '../api/schemas/routing.ts';
import type { RoutingPolicyVersion } from '../db/entities/routing.ts';
import type { PolicyFinding } from '../domain/routing/analysis/analyze-policy.ts';
import type { ExampleRequest } from '../domain/routing/analysis/request-space.ts';
import type { DecisionComparison } from '../domain/routing/compare-decisions.ts';
import type { BlockedCountry } from '../domain/routing/country.ts';
import { describePolicy } from '../domain/routing/describe-policy.ts';
import type { RoutingPolicy } from '../domain/routing/policy.ts';
import { isoOrNull, toMoney } from './values.ts';

/** @param usedName The project's setting. */
export function presentPolicyVersion(row: RoutingPolicyVersion, usedName: string): PolicyVersionAnswer {
  const isInUse = row.status === 'active' && row.name === usedName;
  return {
    ...{ id: row.id, status: row.status, why: whyStatus(row, isInUse), source: 'own', in_use: isInUse },
    ...presentDocument(row.document),
    note: row.note,
    created_by: row.createdBy,
    created_at: row.createdAt.toISOString(),
    activated_by: row.activatedBy,
    activated_at: isoOrNull(row.activatedAt),
  };
}

/** One that comes with the engine: it holds wherever the project has none of its own active. */
function presentShipped(policy: RoutingPolicy, isActive: boolean, usedName: string): PolicyVersionAnswer {
  const isInUse = isActive && policy.name === usedName;
  const holds = isInUse ? 'it decides for the project' : 'the project’s setting names another';
  return {
    id: `shipped/${policy.name}`,
    status: isActive ? 'active' : 'retired',
    why: isActive ? holds : 'a version of the project’s own holds instead',
    ...{ source: 'shipped', in_use: isInUse, ...presentDocument(policy) },
    ...{ note: null, created_by: null, created_at: null, activated_by: null, activated_at: null },
  };
}

export function presentNamedPolicy(input: {
  readonly name: string;
  readonly rows: readonly RoutingPolicyVersion[];
  readonly shipped: RoutingPolicy | undefined;
  readonly usedName: string;
}): NamedPolicyAnswer {
  const { name, rows, shipped, usedName } = input;
  const own = rows.find(({ status }) => status === 'active');
  const active = own ?? shipped;
  const isInUse = active !== undefined && name === usedName;
  const versions = [
    ...rows.map((row) => presentPolicyVersion(row, usedName)),
    ...(shipped ? [presentShipped(shipped, own === undefined, usedName)] : []),
  ];
  return {
    ...{ id: name, name, status: active ? 'active' : 'inactive', in_use: isInUse },
    why: whyNamed(active, isInUse),
    active_version: active?.version ?? null,
    active_source: active ? (own ? 'own' : 'shipped') : null,
    versions,
  };
}

export function presentFinding(found: PolicyFinding): FindingAnswer {
  return {
    ...{ kind: found.kind, severity: found.severity, rule: found.rule, pointer: found.pointer, why: found.because },
    by: [...(found.by ?? [])],
    example: found.example ? presentExample(found.example) : null,
  };
}

export function presentDryRun(
  policy: RoutingPolicy,
  told: {
    readonly findings: readonly PolicyFinding[];
    /** In the order of the rules. */
    readonly examples: readonly (ExampleRequest | null)[];
  },
  result: DecisionComparison,
): PolicyDryRunAnswer {
  const { examples, findings } = told;
  const isRefused = findings.some(({ severity }) => severity === 'error');
  const { compared, moved, unserved } = result;
  return {
    id: null,
    status: isRefused ? 'refused' : 'acceptable',
    why: `${compared} decisions asked again: ${moved} would go to another provider, ${unserved} of them to nobody`,
    ...{ name: policy.name, version: policy.version, readable: [...describePolicy(policy)] },
    findings: findings.map(presentFinding),
    reached_by: policy.rules.map(({ id }, index) => {
      const example = examples[index];
      return { rule: id, example: example ? presentExample(example) : null };
    }),
    ...{ asked: compared, not_askable: result.unasked, moved, unserved },
    shifts: result.shifts.map((shift) => ({
      ...{ from: shift.from, to: shift.to, moved: shift.isMoved, count: shift.count, share: shift.share },
      amounts: Object.entries(shift.amounts).map(([currency, amountMinor]) => toMoney(amountMinor, currency)),
      examples: [...shift.examples],
    })),
  };
}

export function presentBlocked(
  entry: BlockedCountry,
  source: 'own' | 'shipped',
  isBlocked = true,
): BlockedCountryAnswer {
  const { country, reason, since } = entry;
  const regions = entry.regions && [...entry.regions];
  const where = regions === null ? country : `the regions ${regions.join(', ')} of ${country}`;
  return {
    ...{ id: country, country, regions, since, reason, source },
    status: isBlocked ? 'blocked' : 'allowed',
    why: isBlocked ? `nothing is sold to ${where}` : `${country} may be sold to, whatever ships`,
  };
}

function presentDocument(policy: RoutingPolicy) {
  const { description, fallback_provider, name, rules, version } = policy;
  return {
    ...{ name, version, description, fallback_provider },
    rules,
    readable: [...describePolicy(policy)],
  };
}

function presentExample({ payment_methods: methods, amount, ...rest }: ExampleRequest): FindingAnswer['example'] {
  return {
    ...rest,
    amount: amount && toMoney(amount.amountMinor, amount.currency),
    payment_methods: methods && [...methods],
  };
}

function whyStatus({ status }: RoutingPolicyVersion, isInUse: boolean): string {
  if (status === 'draft') return 'never activated';
  if (status === 'retired') return 'another version was activated after it';
  return isInUse ? 'it decides for the project' : 'active, but the project’s setting names another';
}

function whyNamed(active: { readonly version: number } | undefined, isInUse: boolean): string {
  if (!active) return 'no version of it is active';
  return isInUse
    ? `version ${active.version} decides for the project`
    : `version ${active.version} would decide if the project’s setting named it`;
}

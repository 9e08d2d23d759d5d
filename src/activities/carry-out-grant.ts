import { BenefitEntity, BenefitGrantEntity, type Benefit, type BenefitGrant } from '../db/entities/benefit.ts';
import type { Db } from '../db/orm.ts';
import type { GrantStatus } from '../domain/benefit.ts';
import { BillingError } from '../domain/errors.ts';
import type { ActivityDeps } from './deps.ts';
import { followGrant } from './follow-grant.ts';
import { keepInStep } from './keep-in-step.ts';
import { settleGrant, type GrantOutcome } from './settle-grant.ts';

export interface CarriedOutGrant {
  readonly status: GrantStatus;
  /** Nothing is left to do. */
  readonly isDone: boolean;
  /** One clause for the story. */
  readonly because: string;
}

/**
 * Gives a planned benefit, or takes it back: ourselves, or by following the provider that does. Safe to repeat: what is
 * done already is left as it is.
 */
export function createCarryOutGrant(deps: ActivityDeps) {
  return function carryOutGrant(ref: {
    readonly projectId: string;
    readonly live: boolean;
    readonly grantId: string;
  }): Promise<CarriedOutGrant> {
    return keepInStep(async () => {
      const em = deps.orm.em.fork();
      const { projectId, live, grantId } = ref;
      const grant = await em.findOneOrFail(BenefitGrantEntity, { id: grantId, projectId, live });
      if (grant.status !== 'pending' && grant.status !== 'revoking')
        return { status: grant.status, isDone: true, because: 'it was done before' };
      const benefit = await em.findOneOrFail(BenefitEntity, { projectId, id: grant.benefitId });
      const outcome =
        grant.provider === null ? giveOurselves(deps, grant, benefit) : await askProvider(deps, em, grant);
      const settled = await settleGrant(deps, em.fork(), grant, benefit, outcome);
      return { ...settled, isDone: settled.status !== 'pending' && settled.status !== 'revoking' };
    });
  };
}

function giveOurselves(deps: ActivityDeps, grant: BenefitGrant, benefit: Benefit): GrantOutcome {
  if (grant.status === 'revoking') return { is: 'revoked' };
  const given = { is: 'granted', providerGrantId: null, properties: {}, problem: null } as const;
  switch (benefit.type) {
    case 'custom':
    case 'downloadables':
    case 'feature_flag':
    case 'meter_credit':
      return given;
    case 'discord':
    case 'github_repository':
      return { ...given, problem: 'It needs the app: invite the customer when you hear `benefit.granted`.' };
    case 'license_keys':
      // A key that nobody could ever be shown is no key.
      if (deps.keyRing === null) return { is: 'waiting', problem: 'The deployment has no encryption keys.' };
      return given;
  }
}

/** A refusal is an answer; what surely or perhaps did not happen is tried again. */
async function askProvider(deps: ActivityDeps, em: Db, grant: BenefitGrant): Promise<GrantOutcome> {
  try {
    return await followGrant(deps, em, grant);
  } catch (error) {
    const isRefused = error instanceof BillingError && ['invalid', 'conflict', 'not_found'].includes(error.kind);
    if (!isRefused) throw error;
    const problem = `The provider refuses: ${error.code}.`;
    return grant.status === 'pending' ? { is: 'failed', problem } : { is: 'waiting', problem };
  }
}

import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { rolloutWorkflowId } from '../../src/workflows/messages.ts';
import type { System } from '../../test/integration/support.ts';
import { moment, operate, type Story } from './story.ts';

const seen = z.looseObject({ id: z.string(), status: z.string(), stage: z.number() });
const path = '/ops/rollouts';

async function begun(at: System, stages: readonly unknown[]): Promise<string> {
  const body = { name: `story ${randomUUID().slice(0, 8)}`, from: 'fungies', to: 'polar', stages };
  return seen.parse(await operate(at, 'POST', path, { ...body, min_samples: 1, stage_minutes: 0, margin: 0.2 })).id;
}

/** Held, set to a stage, let go on, promoted to its end. */
const completed: Story = async (at) => {
  const id = await begun(at, [1, 50, 100]);
  await operate(at, 'POST', `${path}/${id}/pause`, {});
  await operate(at, 'POST', `${path}/${id}/stage`, { stage: 2 });
  await operate(at, 'POST', `${path}/${id}/resume`, {});
  await operate(at, 'POST', `${path}/${id}/promote`, {});
  return { 'rollout-completed': rolloutWorkflowId(id) };
};

/** Its first customer pays, so that it goes on by itself a minute later; then an operator takes it back. */
const rolledBack: Story = async (at) => {
  const id = await begun(at, [{ first: 1 }, { first: 2 }]);
  const view = await at.open({ country: 'US', organization_id: `org_${randomUUID()}` });
  await at.complete(view, 'paid');
  for (let tries = 0; tries < 4_000; tries += 1) {
    if (seen.parse(await operate(at, 'GET', `${path}/${id}`)).stage === 1) break;
    await moment();
  }
  await operate(at, 'POST', `${path}/${id}/rollback`, {});
  return { 'rollout-rolled-back': rolloutWorkflowId(id) };
};

export const rolloutStories: readonly Story[] = [completed, rolledBack];

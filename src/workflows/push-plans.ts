import { setCurrentDetails, setHandler } from '@temporalio/workflow';
import type { BenefitStep } from '../domain/benefit-push.ts';
import type { PushStep } from '../domain/plan-push.ts';
import { billingQueue, providerQueue, pushQuery, type PushPlansInput, type PushReport } from './messages.ts';
import { pushCallsOn } from './push-calls.ts';

/**
 * Brings every paid price of a project to the providers, then the benefits where providers have them: one after the other
 * at each provider, the providers side by side. A dry run only reads and says what would be done.
 */
export async function pushPlans(input: PushPlansInput): Promise<PushReport> {
  const { projectId, live, dryRun } = input;
  const steps: PushStep[] = [];
  const benefits: BenefitStep[] = [];
  let expected = 0;
  let isDone = false;
  const report = (): PushReport => ({ isDone, expected, dryRun, steps, benefits });
  setHandler(pushQuery, report, { description: 'What was done so far' });
  const list = pushCallsOn(billingQueue, 'list prices and benefits');
  const priceIds = await list.listPrices({ projectId });
  const work = await list.listBenefits({ projectId, live, providers: input.providers });
  expected =
    priceIds.length * input.providers.length + (work.benefitIds.length + work.planIds.length) * work.providers.length;
  const tell = () => setCurrentDetails(`${dryRun ? 'dry run, ' : ''}${steps.length + benefits.length} of ${expected}`);
  await Promise.all(
    input.providers.map(async (provider) => {
      const run = pushCallsOn(providerQueue(provider), `push to ${provider}`);
      for (const priceId of priceIds) {
        steps.push(await run.pushPrice({ projectId, live, provider, priceId, dryRun }));
        tell();
      }
      if (!work.providers.includes(provider)) return;
      for (const benefitId of work.benefitIds) {
        benefits.push(await run.pushBenefit({ projectId, live, provider, benefitId, dryRun }));
        tell();
      }
      for (const planId of work.planIds) {
        benefits.push(await run.pushPlanBenefits({ projectId, live, provider, planId, dryRun }));
        tell();
      }
    }),
  );
  isDone = true;
  return report();
}

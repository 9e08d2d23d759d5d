import { isCancellation, proxyLocalActivities } from '@temporalio/workflow';
import type { Activities } from '../activities/index.ts';

/**
 * Does what charges nobody quickly inside the workflow task: that is why it is fast. If that fails (a database away, a
 * provider that hangs, a worker gone), the same with patience.
 *
 * @param patient The same activities on a queue of their own.
 */
export async function quickThenPatient<T>(
  summary: string,
  patient: Activities,
  work: (run: Activities) => Promise<T>,
  beforePatience?: () => void,
): Promise<T> {
  const quick = proxyLocalActivities<Activities>({
    ...{ summary, startToCloseTimeout: '9s', retry: { maximumAttempts: 1 } },
  });
  try {
    return await work(quick);
  } catch (error) {
    if (isCancellation(error)) throw error;
    beforePatience?.();
    return work(patient);
  }
}

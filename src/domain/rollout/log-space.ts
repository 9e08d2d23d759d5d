/**
 * Log of the chance of `least` or more of `trials`, each with chance `rate`: by recurrence from the first term, in log
 * space, for the terms underflow.
 */
export function logUpperTail(trials: number, least: number, rate: number): number {
  if (least <= 0) return 0;
  if (least > trials || rate <= 0) return -Infinity;
  if (rate >= 1) return 0;
  const logOdds = Math.log(rate) - Math.log1p(-rate);
  let term = trials * Math.log1p(-rate);
  let tail = -Infinity;
  for (let count = 0; count <= trials; count += 1) {
    if (count >= least) tail = logSum([tail, term]);
    term += Math.log((trials - count) / (count + 1)) + logOdds;
  }
  return Math.min(0, tail);
}

/** Log of the sum of what these are the logs of. */
export function logSum(logs: readonly number[]): number {
  const high = logs.reduce((most, log) => Math.max(most, log), -Infinity);
  return high === -Infinity ? high : high + Math.log(logs.reduce((sum, log) => sum + Math.exp(log - high), 0));
}

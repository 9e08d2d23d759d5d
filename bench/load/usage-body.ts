const regions = ['eu-west', 'us-east', 'sa-east', 'ap-south'];

/** One event, or a batch: about 190 bytes each, as an app would send of an API call. */
export function usageBody(input: {
  /** Organizations are `<run>_0` and so on. */
  readonly run: string;
  /** Ids of events begin with it: those of another series are others. */
  readonly series: string;
  /** Of the request; ids of events follow from it. */
  readonly index: number;
  readonly batch: number;
  readonly organizations: number;
  readonly nowMs: number;
}): string {
  const { run, series, index, batch, organizations, nowMs } = input;
  const timestamp = new Date(nowMs).toISOString();
  const events = Array.from({ length: batch }, (_, place) => {
    const number = index * batch + place;
    const organization = `${run}_${(number * 7_919) % organizations}`;
    return `{"organization_id":"${organization}","event_name":"bench_call","quantity":"${1 + (number % 7)}.25","event_id":"${run}-${series}-${number}","timestamp":"${timestamp}","properties":{"region":"${regions[number % 4] ?? ''}","tokens":${number % 1_000}}}`;
  });
  return batch === 1 ? (events[0] ?? '') : `{"events":[${events.join(',')}]}`;
}

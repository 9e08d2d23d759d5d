import { newest, operate, type Story } from './story.ts';

/** A meter that providers can count, and one that some cannot. */
const pushed: Story = async (at) => {
  const meter = { event_name: 'export', unit: 'row' };
  await operate(at, 'POST', '/ops/meters', { ...meter, key: 'rows', name: 'Rows', aggregation: 'sum' });
  await operate(at, 'POST', '/ops/meters', { ...meter, key: 'largest', name: 'Largest', aggregation: 'max' });
  await operate(at, 'POST', '/ops/meters/push', { dry_run: false });
  return { 'push-meters': await newest(at, 'pushMeters') };
};

export const meterStories: readonly Story[] = [pushed];

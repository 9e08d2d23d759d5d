import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { usageReportScheduleId, usageReportWorkflowId } from '../../src/workflows/messages.ts';
import { ask, bought, read } from '../../test/integration/subscription-stories.ts';
import type { System } from '../../test/integration/support.ts';
import { moment, newest, operate, type Story } from './story.ts';

const one = z.looseObject({ id: z.string() });

/** A customer of a provider who has used something that a meter of the story's own counts. */
async function used(at: System, country: string): Promise<string> {
  const { organization_id: id } = await read(at, await bought(at, { country }));
  const key = `m${randomUUID().slice(0, 8)}`;
  await operate(at, 'POST', '/ops/meters', { key, name: 'Calls', event_name: key, aggregation: 'sum', unit: 'call' });
  const event = { organization_id: id, event_name: key, quantity: 3 };
  await ask(at, 'POST', '/billing/usage', { events: [event, event] });
  return id;
}

async function reported(at: System): Promise<string> {
  const { id } = one.parse(await ask(at, 'POST', '/billing/usage-reports', {}));
  await at.temporal.workflow.getHandle(usageReportWorkflowId(id)).result();
  return id;
}

/** Two providers are told side by side. */
const told: Story = async (at) => {
  await used(at, 'US');
  await used(at, 'RU');
  return { 'usage-report-told': usageReportWorkflowId(await reported(at)) };
};

/** The provider does not know the customer, and says so after it has received the usage. */
const refusedLater: Story = async (at) => {
  const organization = await used(at, 'RU');
  await at.db.query(`update subscriptions set provider_customer_id = 'cus_gone' where organization_id = $1`, [
    organization,
  ]);
  return {
    'usage-report-differs': usageReportWorkflowId(await reported(at)),
    'note-refused-usage': await newest(at, 'noteRefusedUsage'),
  };
};

const scheduled: Story = async (at) => {
  await used(at, 'US');
  await at.db.query(`update usage_reports set started_at = started_at - interval '1 day'`);
  await at.temporal.schedule.getHandle(usageReportScheduleId).trigger();
  const started = await newest(at, 'reportUsage');
  await moment();
  return { 'report-usage': started };
};

export const usageStories: readonly Story[] = [told, scheduled, refusedLater];

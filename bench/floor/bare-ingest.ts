import express from 'express';
import { serveBare } from './serve-bare.ts';

/** The least that taking one event in can do: JSON, one prepared insert of one row. Started by `startBareIngest`. */
const insert = {
  name: 'bench-usage-floor',
  text: `insert into bench.single_events (event_key, project_id, live, organization_id, event_id, event_name, quantity,
      properties, occurred_at)
    values (md5($1)::uuid, 'default', false, $2, $1, $3, $4, $5, $6) on conflict do nothing`,
};

interface Sent {
  readonly event_id: string;
  readonly organization_id: string;
  readonly event_name: string;
  readonly quantity: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
}

await serveBare(
  async ({ app, pool }) => {
    await pool.query('create schema if not exists bench');
    await pool.query('drop table if exists bench.single_events');
    await pool.query('create table bench.single_events (like public.usage_events including all)');
    app.post('/usage', express.json(), async (request, response) => {
      const sent = request.body as Sent;
      const { event_id, organization_id, event_name, quantity, properties, timestamp } = sent;
      await pool.query({ ...insert, values: [event_id, organization_id, event_name, quantity, properties, timestamp] });
      response.status(202).json({ event_id, event_name, quantity, reported: false });
    });
  },
  (pool) => pool.query('drop table bench.single_events'),
);

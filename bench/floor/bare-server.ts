import { createHmac, timingSafeEqual } from 'node:crypto';
import express from 'express';
import { serveBare } from './serve-bare.ts';

/** The least a webhook endpoint can do: raw body, one HMAC-SHA256, one insert. Started by `startBareServer`. */
const secret = process.env['BENCH_SECRET'];
if (secret === undefined) throw new Error('started by hand?');

await serveBare(
  async ({ app, pool }) => {
    await pool.query('create schema if not exists bench');
    await pool.query('drop table if exists bench.inbox');
    await pool.query('create table bench.inbox (event_id text primary key, body bytea, at timestamptz default now())');
    app.post('/webhook', express.raw({ type: () => true, limit: '1mb' }), async (request, response) => {
      const body: unknown = request.body;
      const id = request.get('x-event-id');
      const given = Buffer.from(request.get('x-signature') ?? '', 'hex');
      if (!Buffer.isBuffer(body) || id === undefined) return void response.sendStatus(400);
      const expected = createHmac('sha256', secret).update(body).digest();
      if (given.length !== expected.length || !timingSafeEqual(given, expected)) return void response.sendStatus(401);
      await pool.query('insert into bench.inbox (event_id, body) values ($1, $2) on conflict do nothing', [id, body]);
      response.json({ status: 'accepted' });
    });
  },
  (pool) => pool.query('drop schema bench cascade'),
);

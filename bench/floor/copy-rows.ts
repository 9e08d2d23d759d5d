import { createHash } from 'node:crypto';
import pg from 'pg';
import { usageBody } from '../load/usage-body.ts';

export interface CopyFloor {
  readonly latenciesMs: readonly number[];
  readonly elapsedMs: number;
}

interface Sent {
  readonly event_id: string;
  readonly organization_id: string;
  readonly event_name: string;
  readonly quantity: string;
  readonly properties: Readonly<Record<string, unknown>>;
  readonly timestamp: string;
}

/**
 * The least that storing batches can cost: `COPY` of the same rows into a table of the same shape, on as many connections
 * as the API stores by, a commit per batch, nobody asked, checked or answered. The text of each batch is made before the clock starts.
 */
export async function copyRows(input: {
  readonly databaseUrl: string;
  readonly run: string;
  readonly batch: number;
  readonly batches: number;
  readonly organizations: number;
  readonly connections: number;
}): Promise<CopyFloor> {
  const { databaseUrl, run, batch, batches, organizations } = input;
  const clients = Array.from({ length: input.connections }, () => new pg.Client({ connectionString: databaseUrl }));
  await Promise.all(clients.map((client) => client.connect()));
  const [first] = clients;
  if (!first) throw new Error('no connections');
  try {
    await first.query('create schema if not exists bench');
    await first.query('drop table if exists bench.batch_events');
    await first.query('create table bench.batch_events (like public.usage_events including all)');
    const nowMs = Date.now();
    const texts = Array.from({ length: batches }, (_, index) =>
      copyText(usageBody({ run, series: 'copy', index, batch, organizations, nowMs })),
    );
    const latenciesMs: number[] = [];
    const startMs = performance.now();
    await Promise.all(
      clients.map(async (client) => {
        for (let text = texts.pop(); text; text = texts.pop()) {
          const sentMs = performance.now();
          await copy(client, text);
          latenciesMs.push(performance.now() - sentMs);
        }
      }),
    );
    return { latenciesMs, elapsedMs: performance.now() - startMs };
  } finally {
    await first.query('drop table if exists bench.batch_events');
    await Promise.all(clients.map((client) => client.end()));
  }
}

function copyText(body: string): Buffer {
  const parsed = JSON.parse(body) as { readonly events: readonly Sent[] } | Sent;
  const lines = ('events' in parsed ? parsed.events : [parsed]).map((sent) => {
    const key = createHash('sha256').update(`${sent.organization_id}${sent.event_id}`).digest('hex').slice(0, 32);
    const { organization_id, event_id, event_name, quantity, properties, timestamp } = sent;
    const columns = [key, 'default', 'f', organization_id, event_id, event_name, quantity, JSON.stringify(properties)];
    return `${[...columns, timestamp].join('\t')}\n`;
  });
  return Buffer.from(lines.join(''));
}

const copySql = `copy bench.batch_events (event_key, project_id, live, organization_id, event_id, event_name, quantity,
  properties, occurred_at) from stdin`;

/** The driver knows the messages of COPY, but has no call for it. */
function copy(client: pg.Client, text: Buffer): Promise<void> {
  return new Promise((resolve, reject) => {
    const statement = new pg.Query(copySql);
    Object.assign(statement, {
      handleCopyInResponse(connection: { sendCopyFromChunk(chunk: Buffer): void; endCopyFrom(): void }) {
        connection.sendCopyFromChunk(text);
        connection.endCopyFrom();
      },
    });
    statement.on('end', () => resolve());
    statement.on('error', reject);
    client.query(statement);
  });
}

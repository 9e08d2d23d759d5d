import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createPatientCaller, isAnswered } from '../support/patient-caller.ts';
import type { Target } from '../../bench/stack/target.ts';

/** What the app heard for one customer. */
interface Notices {
  readonly migrationId: string;
  /** The link of the first notice: what stands in the first mail. */
  readonly link: string;
  /** Reminders, each event once. */
  reminders: number;
}

export interface Inbox {
  /** Called once for each customer and migration, with the first notice. */
  onNotice: (organizationId: string, notices: Notices) => void;
  /** Called for each reminder. */
  onReminder: (organizationId: string) => void;
  /** Notices of one customer and migration under different events: told twice as if for the first time. */
  readonly repeated: readonly string[];
  close(): void;
}

interface NoticeEvent {
  readonly id: string;
  readonly type: string;
  readonly data: { readonly migration_id: string; readonly organization_id: string; readonly link: string | null };
}

/** The app's own endpoint, which writes the mails. It takes each event once, as it is told to. */
export async function openInbox(target: Target): Promise<Inbox> {
  const notices = new Map<string, Notices>();
  const seen = new Set<string>();
  const repeated: string[] = [];
  const take = (event: NoticeEvent): void => {
    if (seen.has(event.id)) return;
    seen.add(event.id);
    const { migration_id: migrationId, organization_id: organizationId, link } = event.data;
    const known = notices.get(`${migrationId} ${organizationId}`);
    if (event.type === 'migration.reminded' && known) {
      known.reminders += 1;
      inbox.onReminder(organizationId);
    }
    if (event.type !== 'migration.notified' || link === null) return;
    if (known) return void repeated.push(organizationId);
    const made = { migrationId, link, reminders: 0 };
    notices.set(`${migrationId} ${organizationId}`, made);
    inbox.onNotice(organizationId, made);
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      take(JSON.parse(Buffer.concat(chunks).toString()) as NoticeEvent);
      response.writeHead(204).end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const inbox: Inbox = {
    repeated,
    onNotice: () => undefined,
    onReminder: () => undefined,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
  await subscribe(target, (server.address() as AddressInfo).port);
  return inbox;
}

async function subscribe(target: Target, port: number): Promise<void> {
  const headers = {
    ...{ authorization: `Bearer ${target.ops_key}`, 'content-type': 'application/json' },
    'idempotency-key': 'the-app',
  };
  const body = JSON.stringify({
    url: `http://127.0.0.1:${port}/events`,
    event_types: ['migration.notified', 'migration.reminded', 'migration.moved'],
  });
  await createPatientCaller(target).until('POST', '/api/v1/ops/webhook-endpoints', { headers, body }, isAnswered);
}

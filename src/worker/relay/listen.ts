import pg from 'pg';
import type { Logger } from '../../logger.ts';

/** What to do at a notice, by channel. */
export type Ears = Readonly<Record<string, () => void>>;

/** Hears `NOTIFY` on these channels. A lost connection is made anew; meanwhile slow polls do the work. */
export async function listen(databaseUrl: string, ears: Ears, logger: Logger): Promise<pg.Client | undefined> {
  const client = new pg.Client({ connectionString: databaseUrl });
  client.on('notification', ({ channel }) => ears[channel]?.());
  client.on('error', (error) => {
    logger.warn({ err: error }, 'the relay no longer hears the database; it polls');
    setTimeout(() => void listen(databaseUrl, ears, logger), 5_000).unref();
  });
  try {
    await client.connect();
    for (const channel of Object.keys(ears)) await client.query(`listen ${channel}`);
    return client;
  } catch (error) {
    logger.warn({ err: error }, 'the relay cannot listen; it polls');
    return undefined;
  }
}

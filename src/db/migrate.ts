import { migrateDown, migrateUp } from './migrator.ts';

const usage = 'Usage: node src/db/migrate.ts up | down | reset\nDATABASE_URL names the database.';
const databaseUrl = process.env['DATABASE_URL'];
const command = process.argv[2] ?? 'up';

if (command === '--help' || !databaseUrl) {
  console.log(usage);
  process.exit(databaseUrl ? 0 : 1);
}
const run = { up: () => migrateUp(databaseUrl), down: () => migrateDown(databaseUrl), reset: () => migrateDown(databaseUrl, { all: true }) };
if (!(command in run)) {
  console.error(`Unknown command "${command}".\n${usage}`);
  process.exit(1);
}
const done = await run[command as keyof typeof run]();
console.log(done.length === 0 ? 'schema is up to date' : `${command}: ${done.join(', ')}`);

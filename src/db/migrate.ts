import { migrateDown, migrateUp } from './migrator.ts';

const usage = `Usage: node src/db/migrate.ts up | down | reset

up      brings the schema to the newest version (the default)
down    takes back the newest migration
reset   takes back all of them

DATABASE_URL names the database.`;

const commands = new Map([
  ['up', migrateUp],
  ['down', (url: string) => migrateDown(url)],
  ['reset', (url: string) => migrateDown(url, { all: true })],
]);

const name = process.argv[2] ?? 'up';
const databaseUrl = process.env['DATABASE_URL'];
const command = commands.get(name);

if (name === '--help') console.log(usage);
else if (command === undefined) fail(`There is no "${name}".`);
else if (!databaseUrl) fail('DATABASE_URL is not set.');
else {
  const done = await command(databaseUrl);
  console.log(done.length === 0 ? 'schema is up to date' : `${name}: ${done.join(', ')}`);
}

function fail(why: string): void {
  console.error(`${why}\n\n${usage}`);
  process.exitCode = 1;
}

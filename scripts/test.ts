import { runSteps, SERVERS_STEP, STATIC_STEPS } from './run-steps.ts';

const usage = `npm test

Everything that must hold: format, lint, types, unused code, then all tests against real servers (PostgreSQL, Temporal),
which are fetched or built once. A failing step does not stop the others; its output is shown at the end.`;

if (process.argv.includes('--help')) console.log(usage);
else
  await runSteps([
    STATIC_STEPS,
    [SERVERS_STEP],
    [{ name: 'tests', command: ['vitest', 'run', '--project', '!*faults'] }],
    // Alone: thousands of checkouts and events want both cores, and waits that others stretch would be taken for the
    // system's.
    [{ name: 'faults', command: ['vitest', 'run', '--project', 'faults'] }],
  ]);

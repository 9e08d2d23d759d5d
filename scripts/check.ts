import { runSteps, SERVERS_STEP, STATIC_STEPS } from './run-steps.ts';

const usage = `npm run check

What to run before every commit, in about a minute: format, lint, types, unused code, and the fast tests (unit, workflow,
and of the contract suite what needs every provider's transport, keys and webhooks). npm test runs everything.`;

const smoke = ['test/unit', 'test/workflow', 'test/replay', 'test/contract/records'];
const projects = ['unit', 'workflow', 'contract'].flatMap((name) => ['--project', name]);

if (process.argv.includes('--help')) console.log(usage);
else
  await runSteps([
    STATIC_STEPS,
    [SERVERS_STEP],
    [{ name: 'tests', command: ['vitest', 'run', ...projects, ...smoke] }],
  ]);

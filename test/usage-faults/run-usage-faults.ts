import { carryOut, parseDose } from '../support/fault-command.ts';
import { render, replayCommand } from './render.ts';
import { runUsageFaults } from './usage-faults-run.ts';

const usage = `npm run usage-faults -- [--events 1000000] [--rate 2500] [--seed N]

Starts a stack of its own, subscribes organizations at each provider that can count, and sends that many events, --rate a
second, one in five of them for the second time: one by one, in batches, as CloudEvents and as imports, twice at once, again
after broken connections, corrected later. Meanwhile providers hang with and without the work done, fail, reset, limit and
garble, webhooks get lost, worker, API and relay are killed with SIGKILL, and reports are asked for again and again. Then all
is counted: every event once here, by the plan's own arithmetic, once at its provider, by the provider's own meters, and once
in the reports, with nothing pending. Ends with 1 if not.

A failing run keeps its state directory with the logs, and prints the command that draws the same plan again.`;

const dose = parseDose({ usage, count: 'events', counted: 1_000_000, rate: 2_500 });
if (dose !== null) await carryOut(replayCommand(dose), (print) => runUsageFaults(dose, print), render);

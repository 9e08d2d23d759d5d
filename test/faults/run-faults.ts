import { carryOut, parseDose } from '../support/fault-command.ts';
import { runFaults } from './faults-run.ts';
import { render, replayCommand } from './render.ts';

const usage = `npm run faults -- [--checkouts 10000] [--rate 10] [--seed N]

Starts a stack of its own and sends that many buyers through it, --rate a second, while providers hang with and without
the work done, fail in bursts, reset, limit and garble, webhooks get lost, doubled, late and out of order, and worker, API
and relay are killed with SIGKILL. Some sessions that nobody was given are paid. Then the books of both sides are compared:
nobody charged twice, nobody's money missing, equal to the minor unit, nothing left unresolved. Ends with 1 if not.

Waits between looks at a quiet checkout are a tenth of what they stand for: 90 s here are the 15 minutes that a checkout
may take after the faults. What is unknown is judged by the wall clock, uncompressed: p99 at most 2 minutes.
A failing run keeps its state directory with the logs, and prints the command that draws the same plan again.`;

const dose = parseDose({ usage, count: 'checkouts', counted: 10_000, rate: 10 });
if (dose !== null) await carryOut(replayCommand(dose), (print) => runFaults(dose, print), render);

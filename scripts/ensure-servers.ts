import { resolveTemporalCli } from '../src/local/temporal-cli.ts';
import { resolveTimeSkippingServer } from '../src/local/temporal-test-server.ts';

// Before the tests and not inside them: on a new machine this builds for minutes, and should be seen doing so.
const print = (line: string) => console.log(line);
try {
  await resolveTimeSkippingServer({ print });
  await resolveTemporalCli({ print });
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

import { parseArgs, styleText } from 'node:util';
import { openTarget } from '../bench/stack/open-target.ts';
import { playWeek, type ProviderBook } from './week/play-week.ts';

const { values } = parseArgs({ options: { help: { type: 'boolean', short: 'h' }, json: { type: 'boolean' } } });
if (values.help) {
  console.log(`Usage: npm run week [-- --json]

Plays a scripted week at every provider of the sandbox: a trial, renewals, a decline, a recovery, a refund, a dispute and
a cancellation, on the sandbox's own clock. Then compares the providers' ledger with our rows. It runs on a system of its
own, for it moves the clock by months. Exit code 0 only if both books agree to the minor unit.`);
  process.exit(0);
}

const say = (line: string) => (values.json ? undefined : console.log(line));
const opened = await openTarget({ isOwn: true, print: () => undefined });
say('A system of its own is up.');
let isRight = false;
try {
  const books = await playWeek(opened.target, {
    day: (title) => say(`\n${styleText('bold', title)}`),
    tell: (provider, what) => say(`  ${provider.padEnd(9)} ${what}`),
  });
  isRight = books.length > 0 && books.every((book) => book.lines.every(agrees));
  if (values.json) console.log(JSON.stringify({ is_right: isRight, books }, null, 2));
  else printBooks(books);
} finally {
  await opened.close();
}
process.exit(isRight ? 0 : 1);

function agrees(line: ProviderBook['lines'][number]): boolean {
  return line.theirsMinor === line.oursMinor;
}

function printBooks(books: readonly ProviderBook[]): void {
  const row = (...cells: readonly string[]) =>
    `  ${(cells[0] ?? '').padEnd(10)}${(cells[1] ?? '').padEnd(10)}${cells
      .slice(2)
      .map((cell) => cell.padStart(14))
      .join('')}`;
  console.log(`\n${styleText('bold', 'The ledger, in minor units')}\n${row('provider', '', 'theirs', 'ours', '')}`);
  for (const { provider, lines } of books)
    for (const line of lines) {
      const mark = agrees(line) ? styleText('green', '✓') : styleText('red', '✗ differs');
      const amount = (minor: number) => `${minor} ${line.currency}`;
      console.log(`${row(provider, line.kind, amount(line.theirsMinor), amount(line.oursMinor))}  ${mark}`);
    }
}

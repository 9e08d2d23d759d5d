import type { Terminal } from '../../../src/cli/terminal.ts';

export interface FakeTerminal extends Terminal {
  readonly said: { out: string; err: string };
  /** Ctrl-C */
  interrupt(): void;
}

/** @param agrees What a person answers; null: there is none to ask. */
export function fakeTerminal(agrees: boolean | null = null): FakeTerminal {
  const said = { out: '', err: '' };
  const interruption = new AbortController();
  return {
    ...{ said, env: {}, cwd: '/', home: '/nonexistent', width: null, drawsBars: false },
    isInteractive: agrees !== null,
    interrupted: interruption.signal,
    interrupt: () => interruption.abort(),
    out: (text) => void (said.out += text),
    err: (text) => void (said.err += text),
    paint: (_format, text) => text,
    readInput: async () => '',
    agree: async () => agrees === true,
    sleep: async () => undefined,
  };
}

import type { Target } from './target.ts';

/** What every bench is given. */
export interface BenchInput {
  readonly target: Target;
  /** Whose stack it is, for the report. */
  readonly whose: string;
  readonly print: (line: string) => void;
}

/** One that sends so much for so long. */
export interface LoadBenchInput extends BenchInput {
  /** Per second. */
  readonly rate: number;
  readonly seconds: number;
}

/** What a generator process is told and what it answers. */
export interface PlannedRequest {
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface HttpPlan {
  readonly origin: string;
  readonly connections: number;
  /** Asked once per connection before the clock starts. */
  readonly warmUpPath: string;
  readonly ratePerSecond: number;
  readonly keepBodies: boolean;
  readonly requests: readonly PlannedRequest[];
}

export interface HttpSample {
  /** From the intended send time to the last byte. */
  readonly ms: number;
  /** 0: no answer. */
  readonly status: number;
  /** Kept where asked for, and of every refusal. */
  readonly body: string | null;
}

export interface UpdatePlan {
  readonly address: string;
  readonly namespace: string;
  readonly taskQueue: string;
  readonly ratePerSecond: number;
  readonly count: number;
}

export interface UpdateSample {
  readonly ms: number;
  readonly error: string | null;
}

/** Events of usage, made by the generator itself: a plan of ten million would fill the memory. */
export interface UsagePlan {
  readonly origin: string;
  readonly path: string;
  readonly key: string;
  readonly connections: number;
  /** Events per request; 1: sent one at a time. */
  readonly batch: number;
  /** How many: `<run>_0` and so on. */
  readonly organizations: number;
  readonly run: string;
  /** Of the ids of its events. */
  readonly series: string;
  /** At most. */
  readonly requests: number;
  readonly seconds: number;
  /** null: each connection sends when it is answered. */
  readonly ratePerSecond: number | null;
}

export interface UsageSamples {
  /** Of requests whose events were all new. */
  readonly latenciesMs: readonly number[];
  readonly errors: number;
  /** The first few. */
  readonly refusals: readonly string[];
  readonly elapsedMs: number;
}

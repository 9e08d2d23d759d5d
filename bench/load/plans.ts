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

/** What the API process holds, in MB. */
export interface MemorySample {
  readonly rssMb: number;
  readonly heapMb: number;
}

/** Looks at the API's own figures once a second until `stop`. */
export function watchMemory(apiUrl: string): { stop(): Promise<readonly MemorySample[]> } {
  const samples: MemorySample[] = [];
  let isStopped = false;
  const look = async () => {
    const text = await (await fetch(`${apiUrl}/metrics`)).text();
    samples.push({
      rssMb: figure(text, 'process_resident_memory_bytes') / 2 ** 20,
      heapMb: figure(text, 'nodejs_heap_size_used_bytes') / 2 ** 20,
    });
  };
  const loop = async () => {
    while (!isStopped) {
      await look().catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 1_000));
    }
  };
  const done = loop();
  return {
    async stop() {
      isStopped = true;
      await done;
      return samples;
    },
  };
}

/** The median between two shares of the run, 0 to 1. */
export function medianRss(samples: readonly MemorySample[], from: number, to: number): number {
  const part = samples.slice(Math.floor(samples.length * from), Math.max(1, Math.ceil(samples.length * to)));
  const sorted = part.map(({ rssMb }) => rssMb).sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

function figure(text: string, name: string): number {
  return Number(new RegExp(`^${name} (\\S+)`, 'm').exec(text)?.[1] ?? Number.NaN);
}

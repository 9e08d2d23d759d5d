import { createHash, randomBytes } from 'node:crypto';
import type { Store } from './store.ts';

/** mulberry32: small, seedable, good enough to decide which request a fault hits. State is one 32-bit integer. */
export function nextRandom(state: number): { value: number; state: number } {
  const next = (state + 0x6d2b79f5) | 0;
  let mixed = Math.imul(next ^ (next >>> 15), 1 | next);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return { value: ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296, state: next };
}

export interface RandomStream {
  /** Whether the same seed gives the same bytes in the next run. */
  readonly isSeeded: boolean;
  bytes(length: number): Buffer;
}

/** Everything a run leaves to chance. Each stream is drawn in the order of the requests, apart from the others. */
export interface Randomness {
  /** Seed of faults that name none. */
  readonly seed: number;
  /** Keys and secrets; goes on after a reset, for they are kept then. */
  readonly keys: RandomStream;
  /** Ids of objects. */
  readonly ids: RandomStream;
  /** What shapes behaviour, such as the jitter of delivery retries: always seeded. */
  readonly behaviour: RandomStream;
  /** Lets `ids` and `behaviour` begin again, so that a run after a reset repeats the one before. */
  restart(): void;
}

interface StreamPosition {
  id: string;
  drawn: number;
}

const BLOCK_BYTES = 32;
const SYSTEM: RandomStream = { isSeeded: false, bytes: (length) => randomBytes(length) };

/** `seed` null: ids and keys come from the system, and behaviour from seed 1. */
export function createRandomness(store: Store, seed: number | null): Randomness {
  // The position is kept with the state: a restart must not give an id twice.
  const positions = store.collection<StreamPosition>('sandbox/random');
  const behaviourSeed = seed ?? 1;

  function seeded(name: string): RandomStream {
    return {
      isSeeded: true,
      bytes(length) {
        const position = positions.get(name) ?? { id: name, drawn: 0 };
        const blocks: Buffer[] = [];
        for (let drawn = 0; drawn < length; drawn += BLOCK_BYTES) {
          blocks.push(createHash('sha256').update(`${behaviourSeed}/${name}/${position.drawn}`).digest());
          position.drawn += 1;
        }
        positions.put(position);
        return Buffer.concat(blocks).subarray(0, length);
      },
    };
  }

  return {
    seed: behaviourSeed,
    keys: seed === null ? SYSTEM : seeded('keys'),
    ids: seed === null ? SYSTEM : seeded('ids'),
    behaviour: seeded('behaviour'),
    restart: () => ['ids', 'behaviour'].forEach((name) => positions.remove(name)),
  };
}

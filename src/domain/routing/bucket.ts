/** Buckets are hundredths of a percent. */
export const bucketCount = 10_000;

/**
 * The customer's stable place among 10,000: the same organization always lands on the same side of a percentage.
 * FNV-1a over the bytes, then a final avalanche, so that near-equal ids spread.
 */
export function bucketOf(projectId: string, organizationId: string): number {
  let hash = 0x811c9dc5;
  for (const byte of bytesOf(`${projectId}/${organizationId}`)) hash = Math.imul(hash ^ byte, 0x01000193);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % bucketCount;
}

/** Ids are ASCII by contract; anything else still hashes, by code unit bytes. */
function* bytesOf(text: string): Generator<number> {
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0xff) yield unit >>> 8;
    yield unit & 0xff;
  }
}

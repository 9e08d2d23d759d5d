/** Buckets are hundredths of a percent. */
export const bucketCount = 10_000;

/**
 * The customer's stable place among 10,000: the same organization always lands on the same side of a percentage.
 * FNV-1a over the bytes, then a final avalanche, so that near-equal ids spread.
 */
export function bucketOf(projectId: string, organizationId: string): number {
  let hash = addText(0x811c9dc5, projectId);
  hash = addText(addByte(hash, slash), organizationId);
  hash ^= hash >>> 16;
  hash = Math.imul(hash, 0x85ebca6b);
  hash ^= hash >>> 13;
  hash = Math.imul(hash, 0xc2b2ae35);
  hash ^= hash >>> 16;
  return (hash >>> 0) % bucketCount;
}

const slash = 0x2f;

/** Ids are ASCII by contract; anything else still hashes, by code unit bytes. */
function addText(start: number, text: string): number {
  let hash = start;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0xff) hash = addByte(hash, unit >>> 8);
    hash = addByte(hash, unit & 0xff);
  }
  return hash;
}

function addByte(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** For each dimension, which of its values are in: bit n for value n. */
export type Box = readonly bigint[];

/**
 * A set of points in a space of finite dimensions, as a decision diagram: on each level the values of one dimension,
 * grouped by what is in below them; on the last level a mask alone. Equal parts are one object, so that two regions of
 * the same points are the same object, and the size stays far below the number of boxes the set would need.
 * `0n` is the empty one.
 *
 * @see Gouda and Liu, "Firewall design: consistency, completeness, and compactness" (2004): the same diagrams
 */
export type Region = bigint | Branch;

interface Branch {
  readonly id: number;
  readonly edges: readonly { readonly mask: bigint; readonly to: Region }[];
}

export interface Regions {
  /** Every point in the box. */
  of(box: Box): Region;
  minus(region: Region, box: Box): Region;
  meet(region: Region, box: Box): Region;
}

/** More parts than this, and an analysis would take seconds. */
export class RegionTooComplex extends Error {}

/** @param maxWork How many parts may be looked at, all operations together: what bounds time and memory. */
export function createRegions(maxWork: number): Regions {
  let work = 0;

  function look(part: Branch): void {
    work += part.edges.length;
    if (work > maxWork) throw new RegionTooComplex(`more than ${maxWork} parts to look at`);
  }

  const known = new Map<string, Branch>();
  function branch(edges: ReadonlyMap<Region, bigint>): Region {
    if (edges.size === 0) return 0n;
    const parts = [...edges].map(([to, mask]) => ({ to, mask }));
    if (parts.length > 1) parts.sort((a, b) => (a.mask < b.mask ? -1 : 1));
    let key = '';
    // As text: engines hash a long number by its last bits alone, in which masks are alike.
    for (const { mask, to } of parts)
      key += `${mask.toString(16)}>${typeof to === 'bigint' ? `=${to.toString(16)}` : to.id} `;
    const same = known.get(key);
    if (same) return same;
    const made = { id: known.size, edges: parts };
    known.set(key, made);
    return made;
  }

  /** What of the region is outside of the box. What the box does not touch stays the object that it was. */
  function minus(region: Region, box: Box): Region {
    const done = new Map<Branch, Region>();
    const below = (part: Region, depth: number): Region => {
      const wanted = box[depth] ?? 0n;
      if (typeof part === 'bigint') return part & ~wanted;
      const before = done.get(part);
      if (before !== undefined) return before;
      look(part);
      const cut = part.edges.map(({ mask, to }) => ((mask & wanted) === 0n ? to : below(to, depth + 1)));
      const isTouched = cut.some((to, index) => to !== part.edges[index]?.to);
      const edges = new Map<Region, bigint>();
      if (isTouched)
        for (const [index, { mask, to }] of part.edges.entries()) {
          add(edges, to, mask & ~wanted);
          add(edges, cut[index] ?? 0n, mask & wanted);
        }
      const made = isTouched ? branch(edges) : part;
      done.set(part, made);
      return made;
    };
    return below(region, 0);
  }

  /** What of the region is inside the box. */
  function meet(region: Region, box: Box): Region {
    const done = new Map<Branch, Region>();
    const below = (part: Region, depth: number): Region => {
      const wanted = box[depth] ?? 0n;
      if (typeof part === 'bigint') return part & wanted;
      const before = done.get(part);
      if (before !== undefined) return before;
      look(part);
      const edges = new Map<Region, bigint>();
      for (const { mask, to } of part.edges)
        if ((mask & wanted) !== 0n) add(edges, below(to, depth + 1), mask & wanted);
      const made = branch(edges);
      done.set(part, made);
      return made;
    };
    return below(region, 0);
  }

  return {
    of: (box) => {
      if (box.includes(0n)) return 0n;
      return box.slice(0, -1).reduceRight<Region>((to, mask) => branch(new Map([[to, mask]])), box.at(-1) ?? 0n);
    },
    minus,
    meet,
  };
}

/** One point of the region: for each dimension the first value that is in. `[]` for the empty one. */
export function firstPoint(region: Region): readonly number[] {
  if (typeof region === 'bigint') return region === 0n ? [] : [lowestBit(region)];
  const [first] = region.edges.toSorted((a, b) => lowestBit(a.mask) - lowestBit(b.mask));
  return first ? [lowestBit(first.mask), ...firstPoint(first.to)] : [];
}

function add(edges: Map<Region, bigint>, to: Region, mask: bigint): void {
  if (to !== 0n && mask !== 0n) edges.set(to, (edges.get(to) ?? 0n) | mask);
}

function lowestBit(mask: bigint): number {
  let bit = 0;
  for (let rest = mask; (rest & 1n) === 0n; rest >>= 1n) bit += 1;
  return bit;
}

/**
 * What an answer looks like, whatever it says: the kind of each value by path. Two providers' runs of the same steps
 * differ in every id and time, and should differ in nothing that a program relies on.
 */
export type Shape = ReadonlyMap<string, ReadonlySet<string>>;

/** @returns kinds by path (`session.amount.currency`); list members share one path (`lines[]`). */
export function shapeOf(value: unknown, path = ''): Shape {
  const shape = new Map<string, Set<string>>();
  collect(value, path, shape);
  return shape;
}

function collect(value: unknown, path: string, shape: Map<string, Set<string>>): void {
  const kinds = shape.get(path) ?? new Set<string>();
  shape.set(path, kinds.add(kindOf(value)));
  if (Array.isArray(value)) for (const item of value) collect(item, `${path}[]`, shape);
  else if (typeof value === 'object' && value !== null)
    for (const [name, entry] of Object.entries(value)) collect(entry, join(path, isMadeUp(name) ? '{}' : name), shape);
}

const join = (path: string, name: string): string => (path === '' ? name : `${path}.${name}`);

/** Whether a name was made by a machine, an id in a path or as a key: no vocabulary has digits or capitals so long. */
export function isMadeUp(name: string): boolean {
  return name.length >= 12 && /[\dA-Z]/.test(name) && !/^[a-z]+([A-Z][a-z]+)*$/.test(name);
}

function kindOf(value: unknown): string {
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return value.length === 0 ? 'empty list' : 'list';
  if (typeof value !== 'string') return typeof value;
  if (/^https?:\/\//.test(value)) return 'address';
  if (/^\d{4}-\d\d-\d\dT/.test(value)) return 'time';
  // Words of a vocabulary (open, ended, invalid …) are compared as they are; ids and names are just text.
  return /^[a-z]+(_[a-z]+)*$/.test(value) ? `“${value}”` : 'text';
}

/** @returns one line per path at which two shapes differ. */
export function differences(theirs: Shape, ours: Shape): readonly string[] {
  const paths = new Set([...theirs.keys(), ...ours.keys()]);
  return [...paths].flatMap((path) => {
    const [there, here] = [describe(theirs.get(path)), describe(ours.get(path))];
    // Below something that is only on one side everything is: said once, at the top.
    const parent = path.replace(/(\[\]|\.[^.[]+)$/, '');
    const isTold = parent !== path && theirs.has(parent) !== ours.has(parent);
    return there === here || isTold ? [] : [`${path === '' ? 'answer' : path}: ${there} there, ${here} in ours`];
  });
}

function describe(kinds: ReadonlySet<string> | undefined): string {
  return kinds === undefined ? 'absent' : [...kinds].toSorted().join(' or ');
}

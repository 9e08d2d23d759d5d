import type { Exchange } from './record-exchanges.ts';
import { differences, isMadeUp, shapeOf, type Shape } from './shape.ts';

/** What crossed the wire, and what a place puts before the provider's own paths. */
export interface OnTheWire {
  readonly exchanges: readonly Exchange[];
  readonly basePath: string;
}

interface WireShape {
  readonly statuses: ReadonlySet<number>;
  readonly fields: Shape;
}

/** @returns what differs on the wire: operations, their statuses, and the fields of their answers. */
export function wireDifferences(theirs: OnTheWire, ours: OnTheWire): readonly string[] {
  const [there, here] = [byOperation(theirs), byOperation(ours)];
  return [...new Set([...there.keys(), ...here.keys()])].flatMap((operation) => {
    const [a, b] = [there.get(operation), here.get(operation)];
    if (!a || !b) return [`${operation}: only ${a ? 'there' : 'in ours'}`];
    const [statusesThere, statusesHere] = [[...a.statuses].join(', '), [...b.statuses].join(', ')];
    const statuses =
      statusesThere === statusesHere ? [] : [`${operation}: ${statusesThere} there, ${statusesHere} in ours`];
    return [...statuses, ...differences(a.fields, b.fields).map((line) => `${operation} → ${line}`)];
  });
}

function byOperation({ exchanges, basePath }: OnTheWire): ReadonlyMap<string, WireShape> {
  const grouped = Map.groupBy(exchanges, ({ method, url }) => `${method} ${templateOf(url, basePath)}`);
  const shapes = [...grouped].map(([operation, same]): [string, WireShape] => {
    const statuses = new Set(same.map(({ status }) => status).toSorted((a, b) => a - b));
    return [operation, { statuses, fields: shapeOf(same.map(({ responseBody }) => bodyOf(responseBody))) }];
  });
  return new Map(shapes);
}

/** Without the simulator's prefix, ids as `{}`. */
function templateOf(url: string, basePath: string): string {
  const { pathname } = new URL(url);
  const path = pathname.startsWith(basePath) ? pathname.slice(basePath.length) : pathname;
  return path
    .split('/')
    .map((segment) => (isMadeUp(segment) ? '{}' : segment))
    .join('/');
}

function bodyOf(text: string): unknown {
  if (text === '') return null;
  try {
    return JSON.parse(text);
  } catch {
    return 'not JSON';
  }
}

/**
 * Arrays as PostgreSQL sends and takes them in binary: no quoting here, no parsing there, which is most of what a batch
 * of rows costs as text. The driver passes buffers on as binary parameters; name the type in the statement (`?::uuid[]`).
 *
 * @see PostgreSQL, src/backend/utils/adt/arrayfuncs.c, `array_recv`
 */
const oids = { bool: 16, text: 25, timestamptz: 1184, uuid: 2950, jsonb: 3802 } as const;

const headerBytes = 20;

export function textArray(values: readonly (string | null)[]): Buffer {
  return stringArray(oids.text, '', values);
}

/** @param values JSON texts. */
export function jsonbArray(values: readonly (string | null)[]): Buffer {
  return stringArray(oids.jsonb, '\u0001', values);
}

/** @param values 32 hexadecimal digits each. */
export function uuidArray(values: readonly string[]): Buffer {
  const bytes = header(oids.uuid, values.length, values.length * 20, false);
  let at = headerBytes;
  for (const value of values) {
    bytes.writeInt32BE(16, at);
    bytes.write(value, at + 4, 'hex');
    at += 20;
  }
  return bytes;
}

export function booleanArray(values: readonly boolean[]): Buffer {
  const bytes = header(oids.bool, values.length, values.length * 5, false);
  let at = headerBytes;
  for (const value of values) {
    bytes.writeInt32BE(1, at);
    bytes.writeUInt8(value ? 1 : 0, at + 4);
    at += 5;
  }
  return bytes;
}

/** PostgreSQL counts microseconds from 2000. */
const postgresEpochMs = Date.UTC(2000, 0, 1);

/** @param values In ms since 1970. */
export function timestamptzArray(values: readonly number[]): Buffer {
  const bytes = header(oids.timestamptz, values.length, values.length * 12, false);
  let at = headerBytes;
  for (const value of values) {
    const microseconds = (value - postgresEpochMs) * 1_000;
    const high = Math.floor(microseconds / 2 ** 32);
    bytes.writeInt32BE(8, at);
    bytes.writeInt32BE(high, at + 4);
    bytes.writeUInt32BE(microseconds - high * 2 ** 32, at + 8);
    at += 12;
  }
  return bytes;
}

function stringArray(oid: number, prefix: string, values: readonly (string | null)[]): Buffer {
  let size = 0;
  // UTF-8 takes at most three bytes for each of a string's code units.
  for (const value of values) size += 4 + (value === null ? 0 : prefix.length + 3 * value.length);
  const bytes = header(oid, values.length, size, values.includes(null));
  let at = headerBytes;
  for (const value of values) {
    if (value === null) {
      bytes.writeInt32BE(-1, at);
      at += 4;
    } else {
      const length = bytes.write(prefix + value, at + 4, 'utf8');
      bytes.writeInt32BE(length, at);
      at += 4 + length;
    }
  }
  return bytes.subarray(0, at);
}

function header(oid: number, count: number, size: number, hasNulls: boolean): Buffer {
  const bytes = Buffer.allocUnsafe(headerBytes + size);
  bytes.writeInt32BE(1, 0); // dimensions
  bytes.writeInt32BE(hasNulls ? 1 : 0, 4);
  bytes.writeInt32BE(oid, 8);
  bytes.writeInt32BE(count, 12);
  bytes.writeInt32BE(1, 16); // index of the first
  return bytes;
}

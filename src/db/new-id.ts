import { randomBytes } from 'node:crypto';

export type IdPrefix =
  | 'chk'
  | 'sub'
  | 'chg'
  | 'plan'
  | 'price'
  | 'pm'
  | 'pay'
  | 'inv'
  | 'ord'
  | 're'
  | 'dsp'
  | 'ben'
  | 'grant'
  | 'lic'
  | 'act'
  | 'evt'
  | 'we'
  | 'aud'
  | 'key'
  | 'fb'
  | 'job'
  | 'rpol'
  | 'stray'
  | 'rev'
  | 'rec'
  | 'dif'
  | 'mtr'
  | 'ur'
  | 'uri'
  | 'ue'
  | 'ro'
  | 'rl'
  | 'mig'
  | 'mi'
  | 'arc'
  | 'prf'
  | 'cr';

/** A prefixed UUIDv7 in hex: sortable by time of making, which keeps indexes and lists in order. */
export function newId<P extends IdPrefix>(prefix: P): `${P}_${string}` {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(Date.now(), 0, 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return `${prefix}_${bytes.toString('hex')}`;
}

/** Whether a text could be one of our ids; anything else answers 404 without a query. */
export function isId(prefix: IdPrefix, text: string): boolean {
  return text.startsWith(`${prefix}_`) && /^[0-9a-f]{32}$/.test(text.slice(prefix.length + 1));
}

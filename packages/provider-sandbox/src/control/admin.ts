import { createHash, timingSafeEqual } from 'node:crypto';
import type { ControlDeps } from './control-route.ts';

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();

/** Compares in constant time. */
export const isSameSecret = (given: string, wanted: string): boolean => timingSafeEqual(digest(given), digest(wanted));

export const adminTokenOf = ({ accounts }: ControlDeps): string =>
  accounts.standard.sandbox.credentials.current().adminToken;

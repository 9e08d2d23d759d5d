import type { RequestHandler } from 'express';
import { findCardNumber } from './card-scan.ts';
import { fieldRefusal } from './error-codes.ts';

/**
 * Looks through all that a caller can send and we might store or log, before anything else reads it. An `Idempotency-Key`
 * is stored as a hash, and many are numbers that only look like a card's.
 */
export const refuseCardData: RequestHandler = (request, _response, next) => {
  const found =
    findCardNumber(request.body) ??
    findCardNumber(request.query, '/query') ??
    findCardNumber(decodeURIComponentSafely(request.path), 'path');
  if (found === null) return next();
  const where = found === '' ? '/' : found;
  next(fieldRefusal('card_data_refused', where, 'This looks like a card number. Nothing was stored.'));
};

function decodeURIComponentSafely(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

import express, { type RequestHandler } from 'express';
import { refusal } from './error-codes.ts';

/**
 * Reads a body as it is, into `request.body`. What comes without an encoding and in its announced size, which is nearly
 * everything, is gathered here: Express's own reader is half of the time of a small request (2026-11-22). The rest is
 * left to it.
 */
export function readBytes(limit: number): RequestHandler {
  const general = express.raw({ type: () => true, limit });
  return (request, response, next) => {
    const announced = Number(request.headers['content-length'] ?? Number.NaN);
    if (request.headers['content-encoding'] !== undefined || !(announced <= limit)) {
      general(request, response, next);
      return;
    }
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => void chunks.push(chunk));
    request.on('end', () => {
      const [first = Buffer.alloc(0), ...others] = chunks;
      request.body = others.length === 0 ? first : Buffer.concat(chunks);
      next();
    });
    request.on('error', (cause) => next(refusal('invalid_json', 'The body broke off.', { cause })));
  };
}

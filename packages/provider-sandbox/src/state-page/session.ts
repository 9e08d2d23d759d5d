import { createHmac } from 'node:crypto';
import type { Request, Response } from 'express';
import { isSameSecret } from '../control/admin.ts';

const COOKIE = 'sandbox_session';
const PATH = '/_sandbox';
const SESSION_S = 12 * 3600;

/** Proves knowledge of the admin token without carrying it; it changes with the token. */
const valueOf = (adminToken: string): string => createHmac('sha256', adminToken).update('state page').digest('hex');

export function isSignedIn(request: Request, adminToken: string): boolean {
  const cookies = (request.headers.cookie ?? '').split(';').map((part) => part.trim().split('='));
  const given = cookies.find(([name]) => name === COOKIE)?.[1] ?? '';
  return isSameSecret(given, valueOf(adminToken));
}

/** Out of reach of scripts and of other sites; not `Secure`, for the sandbox speaks plain HTTP on its own machine. */
export function signIn(response: Response, adminToken: string): void {
  response.cookie(COOKIE, valueOf(adminToken), {
    httpOnly: true,
    sameSite: 'strict',
    path: PATH,
    maxAge: SESSION_S * 1000,
  });
}

export function signOut(response: Response): void {
  response.clearCookie(COOKIE, { httpOnly: true, sameSite: 'strict', path: PATH });
}

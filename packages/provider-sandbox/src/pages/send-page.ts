import { createHash } from 'node:crypto';
import type { Response } from 'express';

function sourcesOf(text: string, tag: 'style' | 'script'): string {
  const inline = [...text.matchAll(new RegExp(`<${tag}>([\\s\\S]*?)</${tag}>`, 'g'))];
  const hashes = inline.map(([, code = '']) => `'sha256-${createHash('sha256').update(code).digest('base64')}'`);
  return hashes.length === 0 ? "'none'" : hashes.join(' ');
}

/**
 * Sends a page that may run and style itself only by what it was written with. Its forms may post here alone; where they
 * lead afterwards is left open, for hosted pages return to the merchant.
 */
export function sendPage(response: Response, status: number, text: string): void {
  response
    .status(status)
    .set({
      'content-type': 'text/html; charset=utf-8',
      'cache-control': 'no-store',
      // Not `no-referrer`: it would blank the Origin by which our own forms are known.
      'referrer-policy': 'same-origin',
      'x-content-type-options': 'nosniff',
      'content-security-policy': `default-src 'none'; style-src ${sourcesOf(text, 'style')}; script-src ${sourcesOf(text, 'script')}; img-src 'self' data:; base-uri 'none'; frame-ancestors 'none'`,
    })
    .send(text);
}

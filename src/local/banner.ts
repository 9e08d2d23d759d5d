import type { DevFile } from './dev-file.ts';
import { formatSeconds } from './steps.ts';

/** What somebody who has just started everything wants to know: where things are, and what to try first. */
export function banner(dev: DevFile, startMs: number): string {
  const places: readonly (readonly [string, string | null])[] = [
    ['API', dev.api_url],
    ['API docs', dev.api_url === null ? null : `${dev.api_url}/docs`],
    ['Sandbox', dev.sandbox_url],
    ['Temporal', dev.temporal_ui_url ?? dev.temporal_address],
    ['Database', dev.database_url],
  ];
  const lines = places.flatMap(([name, place]) => (place === null ? [] : [`  ${name.padEnd(9)} ${place}`]));
  const example = dev.api_url === null || dev.secret_key === null ? [] : ['', ...curl(dev.api_url, dev.secret_key)];
  return [
    '',
    `Ready in ${formatSeconds(startMs)}.`,
    '',
    ...lines,
    ...example,
    '',
    'Next: npm run demo in another terminal; keys and addresses are in .plinto/dev.json. Ctrl-C ends everything.',
    '',
  ].join('\n');
}

function curl(apiUrl: string, secretKey: string): string[] {
  const order = {
    organization_id: 'org_demo',
    product_id: 'starter-kit',
    country: 'US',
    success_url: 'https://app.example/ok?c={CHECKOUT_ID}',
  };
  return [
    'Create a checkout:',
    '',
    `  curl -s ${apiUrl}/api/v1/billing/checkout \\`,
    `    -H 'Authorization: Bearer ${secretKey}' -H 'Content-Type: application/json' \\`,
    `    -d '${JSON.stringify(order)}'`,
  ];
}

import { parseArgs } from 'node:util';
import { isProviderId } from './core/types.ts';
import type { StartOptions } from './server.ts';

export const HELP = `plinto-provider-sandbox: stand-ins for Polar, Conekta, Stripe and Fungies on one port

  --port 8010             SANDBOX_PORT             port on 127.0.0.1 (0 = any)
  --state-dir DIR         SANDBOX_STATE_DIR        keep state in DIR; without it, memory only
  --admin-token T         SANDBOX_ADMIN_TOKEN      token of the control interface
  --webhook stripe=URL    SANDBOX_WEBHOOK_STRIPE   where events go; also polar=, conekta=, fungies=
  --webhook-base URL       SANDBOX_WEBHOOK_BASE     events go to URL/{provider}
  --seed N                SANDBOX_SEED             repeats a run: ids, keys, secrets, jitter, faults
  --retry-scale X         SANDBOX_RETRY_SCALE      multiplies waits between delivery attempts
  --public-url URL        PUBLIC_SANDBOX_URL       address used in links
  --quiet                                          print nothing but errors
  --help`;

export interface CliOptions {
  help: boolean;
  quiet: boolean;
  start: StartOptions;
}

function numberOf(name: string, text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value) || value < 0)
    throw new Error(`${name} must be a number, got "${text}"`);
  return value;
}

function webhooksOf(
  flags: readonly string[],
  base: string | undefined,
  env: NodeJS.ProcessEnv,
): Record<string, string> {
  const found: Record<string, string> = {};
  for (const provider of ['polar', 'conekta', 'stripe', 'fungies']) {
    const own = env[`SANDBOX_WEBHOOK_${provider.toUpperCase()}`];
    const url = own || (base ? `${base.replace(/\/$/, '')}/${provider}` : undefined);
    if (url !== undefined && url !== '') found[provider] = url;
  }
  for (const flag of flags) {
    const at = flag.indexOf('=');
    const provider = flag.slice(0, at);
    if (at < 0 || !isProviderId(provider))
      throw new Error(`--webhook wants polar=, conekta=, stripe= or fungies=URL, got "${flag}"`);
    found[provider] = flag.slice(at + 1);
  }
  for (const url of Object.values(found)) if (!URL.canParse(url)) throw new Error(`not a URL: "${url}"`);
  return found;
}

/** Reads flags, then environment, then defaults; throws one line a person can act on. */
export function readOptions(args: readonly string[], env: NodeJS.ProcessEnv): CliOptions {
  const { values } = parseArgs({
    args: [...args],
    options: {
      port: { type: 'string' },
      'state-dir': { type: 'string' },
      'admin-token': { type: 'string' },
      webhook: { type: 'string', multiple: true },
      'webhook-base': { type: 'string' },
      seed: { type: 'string' },
      'retry-scale': { type: 'string' },
      'public-url': { type: 'string' },
      quiet: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });
  const adminToken = values['admin-token'] ?? env['SANDBOX_ADMIN_TOKEN'];
  const publicUrl = values['public-url'] ?? env['PUBLIC_SANDBOX_URL'];
  const seed = values.seed ?? env['SANDBOX_SEED'];
  return {
    help: values.help ?? false,
    quiet: values.quiet ?? false,
    start: {
      port: numberOf('--port', values.port ?? env['SANDBOX_PORT'] ?? '8010'),
      stateDir: values['state-dir'] ?? env['SANDBOX_STATE_DIR'] ?? null,
      ...(adminToken === undefined || adminToken === '' ? {} : { adminToken }),
      ...(publicUrl === undefined || publicUrl === '' ? {} : { publicUrl: publicUrl.replace(/\/$/, '') }),
      webhooks: webhooksOf(values.webhook ?? [], values['webhook-base'] ?? env['SANDBOX_WEBHOOK_BASE'], env),
      ...(seed === undefined || seed === '' ? {} : { seed: numberOf('--seed', seed) }),
      retryScale: numberOf('--retry-scale', values['retry-scale'] ?? env['SANDBOX_RETRY_SCALE'] ?? '1'),
    },
  };
}

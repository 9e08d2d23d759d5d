import { isRecord, type JsonRecord } from './json-file.ts';

export interface SandboxConfig {
  /** For dev.json: how to reach each provider's simulation. */
  readonly providers: Readonly<Record<string, JsonRecord>>;
  /** For the children: the same, under the names of each provider's own settings. */
  readonly env: Readonly<Record<string, string>>;
}

/** Asks the sandbox for its providers: it knows their names and settings, so that nothing here has to. */
export async function fetchSandboxConfig(url: string, adminToken: string): Promise<SandboxConfig> {
  const response = await fetch(`${url}/_sandbox/config`, {
    headers: { authorization: `Bearer ${adminToken}` },
    signal: AbortSignal.timeout(5_000),
  });
  if (!response.ok) throw new Error(`the sandbox answered ${response.status} when asked for its configuration`);
  return parseSandboxConfig(await response.json());
}

function parseSandboxConfig(answer: unknown): SandboxConfig {
  if (!isRecord(answer)) throw new Error('the sandbox answered no object when asked for its configuration');
  const providers: Record<string, JsonRecord> = {};
  const variables: Record<string, string> = {};
  for (const [id, settings] of Object.entries(answer)) {
    if (!isRecord(settings) || !isRecord(settings['env'])) continue;
    const { env, ...shown } = settings;
    providers[id] = shown;
    for (const [name, value] of Object.entries(env)) if (typeof value === 'string') variables[name] = value;
  }
  return { providers, env: variables };
}

/** Takes away a provider's settings that came from the developer's shell: a real key must never meet the sandbox. */
export function withoutProviderSettings(env: NodeJS.ProcessEnv, providerIds: readonly string[]): NodeJS.ProcessEnv {
  const prefixes = providerIds.map((id) => `${id.toUpperCase()}_`);
  return Object.fromEntries(
    Object.entries(env).filter(([name]) => !prefixes.some((prefix) => name.startsWith(prefix))),
  );
}

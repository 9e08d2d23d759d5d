import type { MikroORM } from '@mikro-orm/postgresql';
import type { CdnSecret } from '../config.ts';
import type { KeyRing } from '../crypto/key-ring.ts';
import type { LimitReader } from '../db/queries/limits.ts';
import type { EventInbox } from '../db/queries/provider-events.ts';
import type { EgressRules } from '../egress/egress-rules.ts';
import type { ProviderHealth } from '../health/provider-health.ts';
import type { Logger } from '../logger.ts';
import type { Policies } from '../policies.ts';
import type { ProviderDirectory } from '../providers/port.ts';
import type { GeoLookup } from './geo/geo-lookup.ts';
import type { Metrics } from './metrics.ts';
import type { ProjectRules } from './routing/project-rules.ts';
import type { TemporalGateway } from './temporal.ts';
import type { VerifyUserToken } from './user-tokens.ts';

export interface ApiSettings {
  /** Without a trailing slash. */
  readonly publicUrl: string;
  readonly trustProxy: readonly string[];
  readonly cdnCountryHeader: string | null;
  /** null: `trustProxy` alone tells who is the CDN. */
  readonly cdnSecret: CdnSecret | null;
  readonly rateLimitPerMinute: number;
  /** Refuses what only development may do. */
  readonly isProduction: boolean;
}

/** Everything the API needs from outside; `main.ts` gives the real ones, tests give fakes. */
export interface ApiDeps {
  readonly orm: MikroORM;
  readonly inbox: EventInbox;
  readonly limits: LimitReader;
  /** By id; the API knows none by name. */
  readonly providers: ProviderDirectory;
  readonly health: ProviderHealth;
  /** What ships. What holds for a project is in `rules`. */
  readonly policies: Policies;
  readonly rules: ProjectRules;
  readonly temporal: TemporalGateway;
  readonly geo: GeoLookup;
  /** null: webhook bodies are not kept. */
  readonly keyRing: KeyRing | null;
  /** null: users' own tokens are refused. */
  readonly verifyUserToken: VerifyUserToken | null;
  /** Where projects may have their events sent. */
  readonly egress: EgressRules;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly settings: ApiSettings;
}

import { z } from 'zod';
import { OutcomeUnknownError } from '../failures.ts';
import { createJsonApi, type JsonCall } from '../json-api.ts';
import type { HttpSettings } from '../port.ts';
import { errorUnder200, fungiesErrorOf, isFungiesMissing } from './errors.ts';
import { envelope } from './wire.ts';

export const FUNGIES_HOSTS = {
  production: 'https://api.fungies.io',
  sandbox: 'https://api.stage.fungies.net',
} as const;

export type FungiesCall<Schema extends z.ZodType> = Omit<JsonCall<Schema>, 'budget'>;

/** The `data` of an answer. Nothing is ever repeated: creates have no keys. */
export interface FungiesApi {
  /** @throws {BillingError} by `errors.ts`; OutcomeUnknownError for 5xx, lost and unreadable answers. */
  call<Schema extends z.ZodType>(input: FungiesCall<Schema>): Promise<z.output<Schema>>;
  /** The same, but null when there is no such object. */
  find<Schema extends z.ZodType>(input: FungiesCall<Schema>): Promise<z.output<Schema> | null>;
}

/** The secret goes only where it is asked for: reads carry the public key alone. */
export function createFungiesApi(input: {
  readonly publicKey: string;
  readonly secretKey: string;
  readonly baseUrl: string;
  readonly http: HttpSettings;
}): FungiesApi {
  const headers = { 'x-fngs-public-key': input.publicKey, accept: 'application/json', 'user-agent': 'plinto-billing' };
  const settings = {
    provider: 'fungies',
    baseUrl: `${input.baseUrl}/v0`,
    http: input.http,
    toError: fungiesErrorOf,
    isMissing: isFungiesMissing,
  };
  const reads = createJsonApi({ ...settings, headers });
  const writes = createJsonApi({ ...settings, headers: { ...headers, 'x-fngs-secret-key': input.secretKey } });

  const wrapped = <Schema extends z.ZodType>(call: FungiesCall<Schema>) => ({ ...call, reply: envelope });
  const apiFor = (method: string) => (method === 'GET' ? reads : writes);
  return {
    async call(call) {
      return unwrap(await apiFor(call.method).call(wrapped(call)), call.reply);
    },
    async find(call) {
      const found = await apiFor(call.method).find(wrapped(call));
      return found === null ? null : unwrap(found, call.reply);
    },
  };
}

function unwrap<Schema extends z.ZodType>(answer: z.output<typeof envelope>, schema: Schema): z.output<Schema> {
  if (answer.status === 'error') throw errorUnder200();
  const parsed = schema.safeParse(answer.data);
  if (parsed.success) return parsed.data;
  throw new OutcomeUnknownError('api_error', {
    provider: 'fungies',
    status: 200,
    providerCode: 'unreadable_answer',
    param: parsed.error.issues[0]?.path.join('.') ?? null,
  });
}

import { pino, type DestinationStream, type Logger } from 'pino';

export type { Logger } from 'pino';

const secretNames = [
  'authorization',
  'password',
  'secret',
  'token',
  'api_key',
  'apiKey',
  'session_token',
  'checkout_url',
  'checkoutUrl',
  'email',
  'name',
  'phone',
  'billing_address',
  'billingAddress',
  'rawBody',
  'body',
  'headers',
];

/**
 * JSON lines on stdout. Secrets and personal data are cut out by name, to a depth of three; errors are reduced to what
 * an operator needs, because a database error's message quotes the row it failed on.
 */
export function createLogger(
  input: { readonly level: string; readonly process: string },
  destination?: DestinationStream,
): Logger {
  const options = {
    level: input.level,
    base: { process: input.process },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    redact: { paths: secretNames.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '[redacted]' },
    serializers: { err: describeError },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** What a log line says of an error: kind, code, place; never the data it was about. */
export function describeError(error: unknown): Readonly<Record<string, unknown>> {
  if (!(error instanceof Error)) return { type: typeof error };
  const isDatabase =
    'sqlState' in error || ('code' in error && 'constraint' in error) || error.name.endsWith('Exception');
  return {
    type: error.name,
    ...('code' in error && { code: error.code }),
    ...('kind' in error && { kind: error.kind }),
    ...('constraint' in error && { constraint: error.constraint }),
    message: isDatabase ? 'database error' : error.message,
    stack: stackOf(error),
    ...(error.cause !== undefined && { cause: describeError(error.cause) }),
  };
}

/** Frames only: the first line repeats the message. */
function stackOf(error: Error): readonly string[] {
  return (error.stack ?? '')
    .split('\n')
    .filter((line) => line.startsWith('    at '))
    .slice(0, 12)
    .map((line) => line.trim());
}

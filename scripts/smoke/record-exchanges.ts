import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ProviderAccount, ProviderClient } from '../../src/providers/port.ts';

/** One request and its whole answer, as they crossed the wire. Header names are lower case. */
export interface Exchange {
  /** The port's operation on whose behalf it was made, as `group.operation`. */
  readonly operation: string;
  readonly method: string;
  readonly url: string;
  readonly requestHeaders: Readonly<Record<string, string>>;
  readonly requestBody: string | null;
  readonly status: number;
  readonly responseHeaders: Readonly<Record<string, string>>;
  readonly responseBody: string;
}

export interface Recorder {
  /** Complete exchanges in the order of their ends; a cut connection leaves none. */
  readonly exchanges: readonly Exchange[];
  /** The same account, whose calls are recorded. */
  watch(account: ProviderAccount): ProviderAccount;
  stop(): void;
}

/** What undici tells of a request on its diagnostics channels (its docs, "Diagnostics Channel Support"). */
interface Told {
  readonly request: {
    readonly origin: unknown;
    readonly path: string;
    readonly method: string;
    readonly headers: readonly unknown[];
    readonly body: unknown;
  };
  readonly response?: { readonly statusCode: number; readonly headers: readonly unknown[] };
  readonly chunk?: Uint8Array;
}

interface Running {
  readonly operation: string;
  readonly chunks: Uint8Array[];
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>> } | null;
}

/**
 * Listens to the HTTP client's own diagnostics, so that neither side knows: no proxy, no other address, and a real
 * provider is recorded like a simulated one. Only calls of watched accounts count; whoever else sends is left alone.
 */
export function recordExchanges(): Recorder {
  const calls = new AsyncLocalStorage<string>();
  const exchanges: Exchange[] = [];
  const running = new WeakMap<object, Running>();
  const listeners: Readonly<Record<string, (told: Told) => void>> = {
    create({ request }) {
      const operation = calls.getStore();
      if (operation !== undefined) running.set(request, { operation, chunks: [], answer: null });
    },
    headers({ request, response }) {
      const own = running.get(request);
      if (own && response) own.answer = { status: response.statusCode, headers: namedHeaders(response.headers) };
    },
    bodyChunkReceived({ request, chunk }) {
      // Copied: the socket's buffer is used again.
      if (chunk) running.get(request)?.chunks.push(Uint8Array.from(chunk));
    },
    trailers({ request }) {
      const own = running.get(request);
      if (own?.answer) exchanges.push(exchangeOf(request, own, own.answer));
    },
  };
  const channels = Object.entries(listeners).map(([name, listener]) => {
    const onMessage = (message: unknown): void => listener(message as Told);
    subscribe(`undici:request:${name}`, onMessage);
    return () => unsubscribe(`undici:request:${name}`, onMessage);
  });
  return {
    exchanges,
    watch: (account) => ({ ...account, client: watched(account.client, calls) }),
    stop() {
      for (const close of channels) close();
    },
  };
}

/** Every operation of a client, run so that its requests know whose they are. */
function watched(client: ProviderClient, calls: AsyncLocalStorage<string>): ProviderClient {
  const groupOf = (group: object, groupName: string): object =>
    new Proxy(group, {
      get(target, name) {
        const value: unknown = Reflect.get(target, name);
        if (typeof value !== 'function') return value;
        return (...input: unknown[]): unknown =>
          calls.run(`${groupName}.${String(name)}`, (): unknown => Reflect.apply(value, target, input));
      },
    });
  return new Proxy(client, {
    get(target, name) {
      const group: unknown = Reflect.get(target, name);
      return typeof group === 'object' && group !== null ? groupOf(group, String(name)) : group;
    },
  });
}

function exchangeOf(
  request: Told['request'],
  { operation, chunks }: Running,
  answer: NonNullable<Running['answer']>,
): Exchange {
  return {
    operation,
    method: request.method,
    url: `${String(request.origin)}${request.path}`,
    requestHeaders: namedHeaders(request.headers),
    requestBody: request.body instanceof Uint8Array ? Buffer.from(request.body).toString('utf8') : null,
    status: answer.status,
    responseHeaders: answer.headers,
    responseBody: Buffer.concat(chunks).toString('utf8'),
  };
}

/** From undici's flat list of names and values, which are text or bytes. */
function namedHeaders(flat: readonly unknown[]): Record<string, string> {
  const texts = flat.map((part) => (part instanceof Uint8Array ? Buffer.from(part).toString('latin1') : String(part)));
  const named: Record<string, string> = {};
  for (let at = 0; at + 1 < texts.length; at += 2) named[(texts[at] ?? '').toLowerCase()] = texts[at + 1] ?? '';
  return named;
}

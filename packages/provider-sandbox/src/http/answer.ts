export interface Answer {
  status: number;
  /** JSON, unless it is a string or bytes; undefined sends no body. */
  body?: unknown;
  headers?: Record<string, string>;
}

export interface ApiRequest {
  method: string;
  path: string;
  params: Record<string, string>;
  query: URLSearchParams;
  /** The query as sent, undecoded and with its question mark; empty without one. */
  search: string;
  headers: Record<string, string>;
  rawBody: Buffer;
  ip: string;
}

export interface Route {
  method: 'get' | 'post' | 'put' | 'patch' | 'delete';
  path: string;
  /** Names faults can aim at; a function where the request decides. */
  operations: readonly string[] | ((request: ApiRequest) => readonly string[]);
  handle: (request: ApiRequest) => Answer;
}

export function header(request: ApiRequest, name: string): string | null {
  return request.headers[name.toLowerCase()] ?? null;
}

export function readJson(raw: Buffer): unknown {
  if (raw.length === 0) return {};
  return JSON.parse(raw.toString('utf8')) as unknown;
}

import type Stripe from 'stripe';
import { jsonOf } from '../json-api.ts';
import type { HttpReply, Transport } from '../http.ts';

type HttpClient = NonNullable<NonNullable<ConstructorParameters<typeof Stripe>[1]>['httpClient']>;
type Response = Awaited<ReturnType<HttpClient['makeRequest']>>;

/**
 * The SDK over our transport. The SDK's own client times idle sockets rather than calls, and the SDK repeats a call
 * once after ECONNRESET or EPIPE even with `maxNetworkRetries: 0`; our errors carry neither code, so it does not.
 */
export function createStripeHttpClient(transport: Transport, baseUrl: string): HttpClient {
  return {
    getClientName: () => 'plinto',
    async makeRequest(_host, _port, path, method, headers, body, _protocol, timeoutMs) {
      const reply = await transport.send({
        operation: `${method} ${path}`,
        method,
        url: `${baseUrl}${path}`,
        headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
        body: body === '' ? null : body,
        timeoutMs,
      });
      return asResponse(reply);
    },
  };
}

function asResponse(reply: HttpReply): Response {
  return {
    getStatusCode: () => reply.status,
    getHeaders: () => reply.headers,
    getRawResponse: () => ({ headers: reply.headers, statusCode: reply.status }),
    toStream: () => reply.text,
    toJSON: async () => {
      const body = jsonOf(reply.text);
      if (typeof body === 'object' && body !== null && (reply.status < 400 || 'error' in body)) return body;
      // The SDK picks its error by status only when it finds an `error`: give it one, so that a bare 429 stays a 429.
      if (reply.status >= 400) return { error: { type: 'api_error', message: 'no readable body' } };
      throw new SyntaxError('the answer is not JSON');
    },
  };
}

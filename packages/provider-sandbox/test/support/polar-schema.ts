import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';

/** Where the official documents lie: beside the repository, or wherever the environment says. */
const DIRECTORIES = [
  process.env['PLINTO_OPENAPI_DIR'],
  ...['../shared/openapi', '../../shared/openapi'].map((path) => join(process.cwd(), path)),
].filter((path) => path !== undefined);

interface Operation {
  responses: Record<string, { content?: Record<string, { schema?: unknown }> }>;
}
interface Document {
  paths: Record<string, Record<string, Operation>>;
}

/**
 * The document contradicts itself once: the four kinds of discount are a `oneOf`, but a repeating one also fits the kind
 * for `once` and `forever`, whose `duration` allows every value. Read as "at least one of them".
 */
function withReadableDiscounts(text: string): string {
  return text.replaceAll(
    /"oneOf"(?=\s*:\s*\[\s*\{\s*"\$ref"\s*:\s*"#\/components\/schemas\/(?:Checkout)?Discount)/g,
    '"anyOf"',
  );
}

export function findPolarDocument(): Document | null {
  for (const directory of DIRECTORIES) {
    if (!existsSync(directory)) continue;
    const name = readdirSync(directory).find((file) => file.startsWith('polar-2026-10'));
    if (name !== undefined)
      return JSON.parse(
        withReadableDiscounts(gunzipSync(readFileSync(join(directory, name))).toString('utf8')),
      ) as Document;
  }
  return null;
}

/** Checks answers against the response schema of their operation, and webhook payloads against theirs. */
export function createPolarChecker(document: Document) {
  const ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: false, inlineRefs: false });
  ajv.addSchema(document, 'polar');
  const compiled = new Map<string, ValidateFunction>();
  const pointer = (parts: readonly string[]): string =>
    parts.map((part) => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))).join('/');

  function problems(parts: readonly string[], body: unknown): string[] {
    const reference = `polar#/${pointer(parts)}`;
    const validate = compiled.get(reference) ?? ajv.compile({ $ref: reference });
    compiled.set(reference, validate);
    if (validate(body)) return [];
    return (validate.errors ?? []).map(
      ({ instancePath, message, params }) => `${instancePath} ${message ?? ''} ${JSON.stringify(params)}`,
    );
  }

  return {
    /** The documented path that fits, such as `/v1/orders/{id}`. */
    templateOf(path: string): string | null {
      const parts = path.split('/');
      const fitting = Object.keys(document.paths).filter((template) => {
        const own = template.split('/');
        return own.length === parts.length && own.every((part, at) => part.startsWith('{') || part === parts[at]);
      });
      return fitting.sort((left, right) => left.split('{').length - right.split('{').length)[0] ?? null;
    },
    answer(method: string, template: string, status: number, body: unknown): string[] {
      const operation = document.paths[template]?.[method.toLowerCase()];
      const documented = operation?.responses[String(status)];
      if (!documented) return [`${method} ${template}: ${status} is not documented`];
      if (documented.content?.['application/json']?.schema === undefined) return [];
      const parts = ['paths', template, method.toLowerCase(), 'responses', String(status), 'content'];
      return problems([...parts, 'application/json', 'schema'], body).map(
        (problem) => `${method} ${template} ${status}: ${problem}`,
      );
    },
    /** The payload's schema is named by its event type: `order.paid` is `WebhookOrderPaidPayload`. */
    webhook(type: string, body: unknown): string[] {
      const name = type.replaceAll(/(?:^|[._])(\w)/g, (_all, letter: string) => letter.toUpperCase());
      return problems(['components', 'schemas', `Webhook${name}Payload`], body).map((problem) => `${type}: ${problem}`);
    },
  };
}

import { errorPages } from './error-codes.ts';
import type { ErrorPage } from './error-tables/error-page.ts';
import { httpStatus } from './errors.ts';
import type { OpenApiDocument } from './openapi.ts';

const style = `body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a}
code,pre{font-family:ui-monospace,monospace;font-size:.9em;background:#f4f4f5;border-radius:4px;padding:.1em .3em}
pre{padding:1rem;overflow:auto}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.35rem .6rem;
border-bottom:1px solid #e4e4e7;vertical-align:top}summary{cursor:pointer;padding:.4rem 0}.method{display:inline-block;
min-width:3.5rem;font-weight:600}a{color:#1d4ed8}@media(prefers-color-scheme:dark){body{background:#18181b;color:#f4f4f5}
code,pre{background:#27272a}a{color:#93c5fd}td,th{border-color:#3f3f46}}`;

/** The API reference: every operation with its parameters, body and answers. */
export function renderReference(document: OpenApiDocument): string {
  const byTag = new Map<string, string[]>();
  for (const [path, item] of Object.entries(document.paths ?? {}))
    for (const method of ['get', 'post', 'put', 'patch', 'delete'] as const) {
      const operation = item[method];
      if (!operation) continue;
      const tag = operation.tags?.[0] ?? 'Other';
      const title = `<span class="method">${method.toUpperCase()}</span> <code>${escape(path)}</code>`;
      const details = `<details><summary>${title} ${escape(operation.summary ?? '')}</summary>${json(operation)}</details>`;
      byTag.set(tag, [...(byTag.get(tag) ?? []), details]);
    }
  const sections = [...byTag].map(([tag, entries]) => `<h2>${escape(tag)}</h2>${entries.join('')}`).join('');
  const schemas = Object.entries(document.components?.schemas ?? {})
    .map(
      ([name, schema]) =>
        `<details id="${escape(name)}"><summary><code>${escape(name)}</code></summary>${json(schema)}</details>`,
    )
    .join('');
  const intro = `<p>${escape(document.info.description ?? '')} Base path <code>/api/v1</code>. As
    <a href="/openapi.json">OpenAPI 3.1</a>; <a href="/docs/errors">every error code</a>.</p>
    <p>IP geolocation by <a href="https://db-ip.com">DB-IP</a>.</p>`;
  return page(document.info.title, `${intro}${sections}<h2>Schemas</h2>${schemas}`);
}

export function renderErrorIndex(): string {
  const rows = Object.entries(errorPages)
    .map(
      ([code, entry]) =>
        `<tr><td><a href="/docs/errors/${code}"><code>${code}</code></a></td><td>${statusOf(entry)}</td><td>${escape(entry.title)}</td></tr>`,
    )
    .join('');
  return page('Error codes', `<table><tr><th>Code</th><th>Status</th><th>Title</th></tr>${rows}</table>`);
}

export function renderErrorPage(code: string, entry: ErrorPage): string {
  const body = `<p><code>${code}</code>, HTTP ${statusOf(entry)}</p><h2>What it means</h2><p>${text(entry.meaning)}</p>
    <h2>What to do</h2><p>${text(entry.fix)}</p><p><a href="/docs/errors">All error codes</a></p>`;
  return page(entry.title, body);
}

function page(title: string, body: string): string {
  return `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escape(title)}</title>
<meta name="viewport" content="width=device-width,initial-scale=1"><style>${style}</style></head>
<body><main><h1>${escape(title)}</h1>${body}</main></body></html>`;
}

function statusOf(entry: ErrorPage): number {
  return entry.status ?? httpStatus[entry.kind];
}

function json(value: unknown): string {
  return `<pre>${escape(JSON.stringify(value, null, 2))}</pre>`;
}

/** Backticks become code. */
function text(markdown: string): string {
  return escape(markdown).replaceAll(/`([^`]+)`/g, '<code>$1</code>');
}

function escape(raw: string): string {
  return raw.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
}

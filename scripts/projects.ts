import { readFileSync } from 'node:fs';
import { parseArgs, parseEnv } from 'node:util';

const usage = `npm run projects -- <command>

  list                                     projects that the key may see
  create <project> --name "Acme" [--currency USD] [--origin https://app.example]…
  key <project> --name "Backend" [--publishable] [--scopes billing:read,billing:write]
  accounts <project>                       its accounts at providers
  set <project> <provider> --file FILE       put credentials (KEY=value lines; - reads standard input)
  rotate <project> <provider> --file FILE    change some; an old webhook secret stays valid beside the new
  test <project> <provider>                whose account is it?
  webhook <project> <provider>             register our address there, and keep the secret
  remove <project> <provider>
  push [provider] [--apply]                what a push of our plans would do at the providers; --apply does it

  --api-url URL   else PLINTO_API_URL, else the system that \`npm start\` runs
  --key KEY       else PLINTO_OPS_KEY (a secret key with ops:read and ops:write); better not on the command line
  --json          the answer as it came

The key's mode (test or live) is the mode of accounts and keys. See docs/providers.md for each provider's credentials.`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    name: { type: 'string' },
    currency: { type: 'string' },
    origin: { type: 'string', multiple: true },
    publishable: { type: 'boolean', default: false },
    scopes: { type: 'string', default: 'billing:read,billing:write,usage:write' },
    file: { type: 'string' },
    'api-url': { type: 'string' },
    key: { type: 'string' },
    apply: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const [command, project, provider] = positionals;
if (values.help) finish(usage, 0);
const call = callOf(command ?? '', project, provider);
if (call === null)
  finish(`${command === undefined ? 'Which command?' : 'Something is missing or wrong.'}\n\n${usage}`, 2);
const { url, key } = target();
const answer = await fetch(`${url}/api/v1${call.path}`, {
  method: call.method,
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
}).catch((error: unknown) => finish(`${url} cannot be reached: ${String(error)}`, 1));
const text = await answer.text();
if (!answer.ok) finish(values.json ? text : explain(text, answer.status), 1);
finish(values.json || text === '' ? text || 'removed' : describe(JSON.parse(text)), 0);

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

function callOf(name: string, project?: string, provider?: string): Call | null {
  if (name === 'list') return { method: 'GET', path: '/ops/projects?limit=100' };
  if (name === 'push')
    return { method: 'POST', path: '/ops/plans/push', body: { dry_run: !values.apply, provider: project ?? null } };
  if (project === undefined) return null;
  const ofProject = `/ops/projects/${encodeURIComponent(project)}/accounts`;
  if (name === 'accounts') return { method: 'GET', path: ofProject };
  if (name === 'create' && values.name !== undefined)
    return { method: 'POST', path: '/ops/projects', body: projectBody(project, values.name) };
  if (name === 'key' && values.name !== undefined)
    return { method: 'POST', path: '/ops/keys', body: keyBody(project, values.name) };
  if (provider === undefined) return null;
  const path = `${ofProject}/${encodeURIComponent(provider)}`;
  if (name === 'test') return { method: 'POST', path: `${path}/test` };
  if (name === 'webhook') return { method: 'POST', path: `${path}/webhook`, body: {} };
  if (name === 'remove') return { method: 'DELETE', path };
  const file = values.file;
  if (file === undefined) return null;
  const body = { credentials: parseEnv(readFileSync(file === '-' ? 0 : file, 'utf8')) };
  if (name === 'set') return { method: 'PUT', path, body };
  return name === 'rotate' ? { method: 'POST', path: `${path}/rotate`, body } : null;
}

function projectBody(id: string, name: string) {
  const { currency, origin } = values;
  return { id, name, ...(currency && { default_currency: currency }), ...(origin && { allowed_origins: origin }) };
}

function keyBody(id: string, name: string) {
  const kind = values.publishable ? 'publishable' : 'secret';
  return { project_id: id, kind, name, scopes: values.publishable ? [] : values.scopes.split(',') };
}

function target(): { readonly url: string; readonly key: string } {
  const local = localSystem();
  const url = values['api-url'] ?? process.env['PLINTO_API_URL'] ?? local?.api_url;
  const key = values.key ?? process.env['PLINTO_OPS_KEY'] ?? local?.ops_key;
  if (url === undefined || key === undefined)
    finish('No system runs here: start one by `npm start`, or set PLINTO_API_URL and PLINTO_OPS_KEY.', 2);
  return { url: url.replace(/\/+$/, ''), key };
}

function localSystem(): { readonly api_url?: string; readonly ops_key?: string } | null {
  try {
    const read: unknown = JSON.parse(readFileSync('.plinto/dev.json', 'utf8'));
    return typeof read === 'object' ? read : null;
  } catch {
    return null;
  }
}

/** A problem, with every field that is wrong. */
function explain(text: string, status: number): string {
  try {
    const {
      detail,
      code,
      errors = [],
    } = JSON.parse(text) as {
      detail: string;
      code: string;
      errors?: { pointer: string; detail: string }[];
    };
    return [`${detail} (${code})`, ...errors.map((fault) => `  ${fault.pointer}: ${fault.detail}`)].join('\n');
  } catch {
    return `The API answered ${status}: ${text.slice(0, 200)}`;
  }
}

function describe(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if ('data' in value && Array.isArray(value.data))
    return value.data.length === 0 ? 'none' : value.data.map(describe).join('\n\n');
  if ('steps' in value && Array.isArray(value.steps)) {
    const { steps, ...rest } = value;
    return [...steps.map((step: object) => Object.values(step).map(String).join('  ')), describe(rest)].join('\n');
  }
  return Object.entries(value)
    .map(([name, entry]) => `${name.padEnd(22)}${Array.isArray(entry) ? entry.join(', ') : String(entry ?? '–')}`)
    .join('\n');
}

function finish(text: string, code: number): never {
  (code === 0 ? console.log : console.error)(text);
  process.exit(code);
}

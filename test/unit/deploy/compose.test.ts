import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../../${path}`, import.meta.url)), 'utf8');

const text = read('docker-compose.yml');
const document: unknown = parse(text, { merge: true });

const serviceSchema = z.object({
  image: z.string(),
  build: z.unknown().optional(),
  user: z.string().optional(),
  read_only: z.boolean().default(false),
  privileged: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  restart: z.string(),
  ports: z.array(z.string()).default([]),
  networks: z.array(z.string()),
  environment: z.record(z.string(), z.string().nullable()).default({}),
  healthcheck: z.object({ test: z.array(z.string()).optional(), disable: z.boolean().optional() }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  deploy: z
    .object({ replicas: z.number().optional(), resources: z.object({ limits: z.record(z.string(), z.string()) }) })
    .optional(),
});
const { services, networks } = z
  .object({
    services: z.record(z.string(), serviceSchema),
    networks: z.record(z.string(), z.object({ internal: z.boolean().optional() })),
  })
  .parse(document);

const all = Object.entries(services).map(([name, service]) => ({ name, ...service }));
const ours = all.filter(({ build }) => build !== undefined);
const oneShots = all.filter(({ restart }) => restart.startsWith('on-failure'));
const longRunning = all.filter(({ restart }) => restart === 'unless-stopped');

describe('docker-compose.yml', () => {
  it('is a Compose file by the specification', () => {
    const schema = z.record(z.string(), z.unknown()).parse(JSON.parse(read('test/fixtures/compose-spec.json')));
    const validate = new Ajv2020({ strict: false, allErrors: true, validateFormats: false }).compile(schema);
    validate(document);
    expect(validate.errors ?? []).toEqual([]);
    expect(validate({ services: { api: { imagee: 'x' } } })).toBe(false);
  });

  it('has no version: the key is obsolete', () => {
    expect(document).not.toHaveProperty('version');
  });

  it('runs every part of the engine, two workers among them', () => {
    expect(ours.map(({ name }) => name)).toEqual(['migrate', 'api', 'worker', 'relay']);
    expect(services['worker']?.deploy?.replicas).toBeGreaterThanOrEqual(2);
    expect(longRunning.length + oneShots.length).toBe(all.length);
  });

  it('hands out no secret of its own', () => {
    const secrets = all.flatMap(({ name, environment }) =>
      Object.entries(environment)
        .filter(([key]) => /PASSWORD|PWD|SECRET|TOKEN|_KEYS?$|DATABASE_URL/.test(key))
        .map(([key, value]) => ({ at: `${name}.${key}`, value })),
    );
    expect(secrets.length).toBeGreaterThan(10);
    expect(secrets.filter(({ value }) => value !== null && !/\$\{[A-Z_]+:\?/.test(value))).toEqual([]);
    expect(text).not.toMatch(/\$\{[A-Z_]*(PASSWORD|SECRET|TOKEN|KEY)[A-Z_]*:?-/);
  });

  it('keeps databases and Temporal off the internet', () => {
    expect(networks['data']?.internal).toBe(true);
    for (const name of ['postgres', 'temporal', 'migrate']) expect(services[name]?.networks).toEqual(['data']);
  });

  it('needs every start-up step before what builds on it', () => {
    for (const name of ['api', 'worker', 'relay']) {
      expect(services[name]?.depends_on).toEqual({
        migrate: { condition: 'service_completed_successfully' },
        'temporal-namespace': { condition: 'service_completed_successfully' },
      });
    }
    for (const { depends_on } of all) {
      for (const [name, { condition }] of Object.entries(depends_on)) {
        const isOneShot = oneShots.some((service) => service.name === name);
        expect(condition).toBe(isOneShot ? 'service_completed_successfully' : 'service_healthy');
      }
    }
  });
});

describe.each(all)('service $name', (service) => {
  it('pins its image to a version', () => {
    expect(service.image).toMatch(/^[a-z0-9/-]+:(v?\d+\.\d+(\.\d+)?(-[a-z]+)?|\$\{VERSION:-\d+\.\d+\.\d+\})$/);
  });

  it('binds ports to this host alone', () => {
    for (const port of service.ports) expect(port).toMatch(/^127\.0\.0\.1:/);
  });

  it('cannot gain privileges', () => {
    expect(service.privileged).toBe(false);
    expect(service.security_opt).toContain('no-new-privileges:true');
  });
});

describe.each(longRunning)('long-running service $name', (service) => {
  it('says whether it is healthy', () => {
    expect(service.healthcheck?.test?.length).toBeGreaterThan(1);
  });

  it('has limits', () => {
    expect(Object.keys(service.deploy?.resources.limits ?? {}).toSorted()).toEqual(['cpus', 'memory']);
  });
});

describe.each(ours)('our service $name', (service) => {
  it('runs as an ordinary user on a read-only file system without capabilities', () => {
    expect(service).toMatchObject({ user: 'node', read_only: true, cap_drop: ['ALL'] });
  });
});

import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const place = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const text = readFileSync(place('Dockerfile'), 'utf8');
const lines = text.split('\n');

describe('Dockerfile', () => {
  it('pins its base image to one version of Node', () => {
    expect(text).toMatch(/^ARG NODE_IMAGE=node:24\.\d+\.\d+-[a-z]+-slim$/m);
    const bases = lines.flatMap((line) => /^FROM (\S+)/.exec(line)?.[1] ?? []);
    expect(bases.filter((base) => base !== '${NODE_IMAGE}' && base !== 'dependencies')).toEqual([]);
  });

  it('ends as an ordinary user', () => {
    const users = lines.filter((line) => line.startsWith('USER '));
    expect(users.at(-1)).toBe('USER node');
    expect(lines.indexOf('USER node')).toBeGreaterThan(
      text.split('\n').findLastIndex((line) => line.startsWith('COPY')),
    );
  });

  it('installs what the lock file says, without development packages', () => {
    expect(text).toMatch(/npm ci --omit=dev/);
  });

  it('copies only what exists', () => {
    const sources = lines
      .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
      .flatMap((line) => line.split(/\s+/).slice(1, -1));
    expect(sources.filter((source) => !existsSync(place(source)))).toEqual([]);
  });

  it('lets every source through .dockerignore', () => {
    const ignore = readFileSync(place('.dockerignore'), 'utf8');
    for (const kept of ['!src', '!migrations', '!policies', '!deploy/*.ts', '!packages/*/package.json']) {
      expect(ignore).toContain(`\n${kept}\n`);
    }
  });

  it('knows how to tell its health', () => {
    expect(text).toMatch(/^HEALTHCHECK .*"deploy\/check-health\.ts"/m);
  });
});

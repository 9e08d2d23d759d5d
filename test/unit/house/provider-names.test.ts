import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const providerName = /polar|conekta|stripe|fungies/i;
const importOf = /\b(?:from|import)\s*\(?\s*['"]([^'"]+)['"]/g;

describe('provider names', () => {
  it('stand in src/providers alone: elsewhere they are data', () => {
    const outside = filesBelow('src').filter((file) => !file.startsWith('src/providers/'));
    expect(outside.length).toBeGreaterThan(30);
    expect(outside.filter((file) => providerName.test(`${file}\n${textOf(file)}`))).toEqual([]);
  });
});

describe('the engine and its packages', () => {
  it('the engine imports nothing from packages', () => {
    expect(filesBelow('src').filter((file) => importsInto(file, 'packages'))).toEqual([]);
  });

  it('packages import nothing from the engine', () => {
    expect(filesBelow('packages').filter((file) => importsInto(file, 'src'))).toEqual([]);
  });

  it('packages import nothing from each other by path', () => {
    const strays = filesBelow('packages').filter((file) => {
      const own = file.split('/').slice(0, 2).join('/');
      return importedPaths(file).some((target) => target.startsWith('packages/') && !target.startsWith(`${own}/`));
    });
    expect(strays).toEqual([]);
  });
});

function importsInto(file: string, folder: string): boolean {
  return importedPaths(file).some((target) => target.startsWith(`${folder}/`) || target.startsWith('@plinto/'));
}

/** What a file imports, relative to the repository; package names as they are. */
function importedPaths(file: string): readonly string[] {
  if (!/\.(ts|mts|tsx|js|mjs)$/.test(file)) return [];
  return [...textOf(file).matchAll(importOf)]
    .map((match) => match[1] ?? '')
    .map((name) => (name.startsWith('.') ? path.posix.join(path.posix.dirname(file), name) : name));
}

function filesBelow(folder: string): readonly string[] {
  return readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|dist)\//.test(file));
}

function textOf(file: string): string {
  return readFileSync(path.join(root, file), 'utf8');
}

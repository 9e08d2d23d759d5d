import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { clean, planted } from './planted-violations.ts';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../../', import.meta.url));

const reportSchema = z.object({ diagnostics: z.array(z.object({ code: z.string(), filename: z.string() })) });
let garden: string;
let found: Map<string, string[]>;

describe('the boundaries of the house', () => {
  beforeAll(async () => {
    garden = await mkdtemp(path.join(tmpdir(), 'plinto-boundaries-'));
    await cp(path.join(root, '.oxlintrc.json'), path.join(garden, '.oxlintrc.json'));
    await writeFile(
      path.join(garden, 'tsconfig.json'),
      JSON.stringify({ compilerOptions: { strict: true, types: [] } }),
    );
    for (const { file, text } of [...planted, ...clean]) {
      await mkdir(path.dirname(path.join(garden, file)), { recursive: true });
      await writeFile(path.join(garden, file), `${text}\n`);
    }
    found = await lint(garden);
  });
  afterAll(() => rm(garden, { recursive: true, force: true }));

  it.each(planted)('catches: $what', ({ file, rule }) => {
    expect(found.get(file)).toEqual([expect.stringContaining(`(${rule})`)]);
  });

  it.each(clean)('lets $file pass', ({ file }) => {
    expect(found.get(file) ?? []).toEqual([]);
  });
});

/** @returns the rules each file breaks. Types of imports that lead nowhere are not its business here. */
async function lint(folder: string): Promise<Map<string, string[]>> {
  const oxlint = path.join(root, 'node_modules/oxlint/bin/oxlint');
  const args = [oxlint, '--type-aware', '-f', 'json', '.'];
  const options = { cwd: folder, maxBuffer: 1e8 };
  const { stdout } = await run(process.execPath, args, options).catch(withFindings);
  const report = reportSchema.parse(JSON.parse(stdout));
  const byFile = new Map<string, string[]>();
  for (const { code, filename } of report.diagnostics) {
    if (!code.includes('no-unsafe-')) byFile.set(filename, [...(byFile.get(filename) ?? []), code]);
  }
  return byFile;
}

/** oxlint exits with 1 when it found something. */
function withFindings(error: unknown): { readonly stdout: string } {
  if (error instanceof Error && 'code' in error && error.code === 1 && 'stdout' in error) {
    return { stdout: String(error.stdout) };
  }
  throw error;
}

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundleWorkflowCode } from '@temporalio/worker';

const sources = ['../workflows', '../domain'].map((folder) => fileURLToPath(new URL(folder, import.meta.url)));
const entry = fileURLToPath(new URL('../workflows/index.ts', import.meta.url));

/**
 * The workflow code as one file for the worker. Bundling takes a second, so the result is kept by the hash of its
 * sources; `WORKFLOW_BUNDLE` names one made beforehand (a container image builds it once).
 */
export async function workflowBundle(prebuilt: string | undefined): Promise<{ readonly codePath: string }> {
  if (prebuilt) return { codePath: prebuilt };
  const codePath = path.join(tmpdir(), 'plinto-billing', `workflows-${await hashOf(sources)}.cjs`);
  const known = await readFile(codePath).catch(() => null);
  if (known === null) await writeBundle(codePath);
  return { codePath };
}

/** Bundles afresh into a file; atomic, so that two workers may do it at once. */
export async function writeBundle(codePath: string): Promise<void> {
  const quiet = () => undefined;
  const { code } = await bundleWorkflowCode({
    workflowsPath: entry,
    logger: { log: quiet, trace: quiet, debug: quiet, info: quiet, warn: console.warn, error: console.error },
  });
  await mkdir(path.dirname(codePath), { recursive: true });
  const draft = `${codePath}.${process.pid}`;
  await writeFile(draft, code);
  await rename(draft, codePath);
}

async function hashOf(folders: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const folder of folders) {
    const files = await readdir(folder, { recursive: true, withFileTypes: true });
    const names = files.filter((file) => file.isFile()).map((file) => path.join(file.parentPath, file.name));
    for (const name of names.toSorted()) hash.update(name).update(await readFile(name));
  }
  return hash.digest('hex').slice(0, 16);
}

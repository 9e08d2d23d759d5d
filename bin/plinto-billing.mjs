#!/usr/bin/env node
// Runs on whatever Node the machine has: plain JavaScript without dependencies. The command line itself is TypeScript,
// which the project's own Node 24 runs as it is.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import * as module from 'node:module';
import { constants } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const main = join(root, 'src/cli/main.ts');
const ownNode = join(root, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');

if (!existsSync(join(root, 'node_modules/commander')))
  fail(`The dependencies are not installed. Run \`npm ci\` in ${root}`);
else if (Number(process.versions.node.split('.')[0]) >= 24) {
  module.enableCompileCache?.();
  await import(pathToFileURL(main).href);
} else if (existsSync(ownNode)) runBy(ownNode);
else
  fail(`This needs Node 24, and Node ${process.versions.node} runs. Run \`npm ci\` in ${root}, which brings its own.`);

/** @param {string} node */
function runBy(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: 'inherit' });
  // Ctrl-C reaches both; the child says what became of the work, and how this ends.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  child.on('error', (error) => fail(`${node} could not be started: ${error.message}`));
  child.on('exit', (code, signal) => {
    process.exitCode = code ?? 128 + (constants.signals[signal ?? 'SIGTERM'] ?? 15);
  });
}

/** @param {string} message */
function fail(message) {
  console.error(`✗ ${message}`);
  process.exitCode = 1;
}

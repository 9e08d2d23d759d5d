// Runs before every npm script, on whatever Node the machine has: plain JavaScript without dependencies.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const modules = join(root, 'node_modules');
const lockFile = join(root, 'package-lock.json');
const stampFile = join(modules, '.plinto-lock-hash');

function fail(message) {
  console.error(`✗ ${message}`);
  process.exit(1);
}

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  fail(
    `Node ${process.versions.node} is too old: install Node 20.19 or newer (the project brings its own Node 24 after that).`,
  );
}

function statOrNull(path, stat = statSync) {
  return stat(path, { throwIfNoEntry: false }) ?? null;
}

/** @returns why an install is needed, or null when what is there belongs to this lock file. */
function reasonToInstall(hash) {
  // A linked folder is somebody else's installation: npm ci would empty it under their feet.
  if (statOrNull(modules, lstatSync)?.isSymbolicLink()) return null;
  if (statOrNull(modules) === null) return 'first time';
  if (statOrNull(stampFile) !== null) {
    return readFileSync(stampFile, 'utf8').trim() === hash ? null : 'package-lock.json changed';
  }
  // npm writes this file last, so it also tells a complete installation made by hand from an interrupted one.
  const finished = statOrNull(join(modules, '.package-lock.json'));
  if (finished === null || finished.mtimeMs < statSync(lockFile).mtimeMs)
    return 'the installation is incomplete or old';
  writeFileSync(stampFile, `${hash}\n`);
  return null;
}

const hash = createHash('sha256').update(readFileSync(lockFile)).digest('hex');
const reason = reasonToInstall(hash);

if (reason !== null) {
  console.log(`Installing dependencies with npm ci (${reason}) …`);
  const startedAt = Date.now();
  const isWindows = process.platform === 'win32';
  const { status, error } = spawnSync('npm', ['ci', '--loglevel=error'], {
    cwd: root,
    stdio: 'inherit',
    shell: isWindows,
  });
  if (error) fail(`npm could not be started: ${error.message}`);
  if (status !== 0) fail(`npm ci failed (exit code ${status}); its own message is above.`);
  mkdirSync(modules, { recursive: true });
  writeFileSync(stampFile, `${hash}\n`);
  console.log(`✓ dependencies installed   ${((Date.now() - startedAt) / 1000).toFixed(1)} s`);
}

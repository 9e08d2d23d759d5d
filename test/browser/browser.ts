import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import sparticuz from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];

/** No sandbox (containers forbid it) and nothing that calls home: a closed network must not slow a test. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
];

/** Made for short-lived functions: one process for all tabs dies with the first closed one. */
const UNWANTED = ['--single-process', '--disable-web-security', '--allow-running-insecure-content'];

export interface FoundBrowser {
  readonly executablePath: string;
  readonly args: readonly string[];
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function installed(env: NodeJS.ProcessEnv): string | undefined {
  const folders = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(runs);
}

async function packaged(): Promise<FoundBrowser> {
  const executablePath = await sparticuz.executablePath();
  return { executablePath, args: sparticuz.args.filter((flag) => !UNWANTED.includes(flag)) };
}

/** `CHROMIUM_PATH`, then a browser on PATH, then the one from npm. */
export async function findBrowser(env: NodeJS.ProcessEnv = process.env): Promise<FoundBrowser> {
  const named = env['CHROMIUM_PATH'];
  if (named !== undefined && named !== '') {
    if (runs(named)) return { executablePath: named, args: [] };
    throw new Error(`CHROMIUM_PATH names no program that runs: ${named}`);
  }
  const onPath = installed(env);
  if (onPath !== undefined) return { executablePath: onPath, args: [] };
  try {
    return await packaged();
  } catch (cause) {
    const ways = [
      'set CHROMIUM_PATH to a Chromium or Chrome',
      `or put one on PATH as ${NAMES.join(', ')}`,
      'or run npm install (with devDependencies), which brings @sparticuz/chromium (Linux x64)',
    ];
    throw new Error(`The browser tests found no browser: ${ways.join('; ')}.`, { cause });
  }
}

export async function launchBrowser(): Promise<Browser> {
  const { executablePath, args } = await findBrowser();
  return chromium.launch({ executablePath, args: [...args, ...FLAGS], headless: true });
}

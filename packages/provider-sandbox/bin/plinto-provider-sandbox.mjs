#!/usr/bin/env node
// Installed, it runs what `npm pack` built, for Node strips no types below node_modules. In the repository it runs the
// source, so that nothing stale is ever started.
const isInstalled = import.meta.url.includes('/node_modules/');
await import(new URL(isInstalled ? '../dist/main.js' : '../src/main.ts', import.meta.url).href);

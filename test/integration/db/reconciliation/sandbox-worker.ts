import { parentPort } from 'node:worker_threads';
import { startSandbox } from '../../../../packages/provider-sandbox/src/index.ts';

/** The providers on a thread of their own, so that they and who asks them work side by side, as they do in life. */
const { url, adminToken, config } = await startSandbox({ port: 0, stateDir: null, webhooks: {} });
parentPort?.postMessage({ url, adminToken, config }, []);

import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker, type InjectedSinks } from '@temporalio/worker';
import type { CountSinks } from './idle-workflow.ts';

/** Serves idle workflows with the settings of our own worker, and tells how many were nudged. Started by `startIdleWorker`. */
const address = process.env['BENCH_TEMPORAL_ADDRESS'];
const namespace = process.env['BENCH_TEMPORAL_NAMESPACE'] ?? 'default';
const taskQueue = process.env['BENCH_TASK_QUEUE'];
if (address === undefined || taskQueue === undefined) throw new Error('started by hand?');

let heard = 0;
const sinks: InjectedSinks<CountSinks> = { heard: { one: { fn: () => void (heard += 1), callDuringReplay: false } } };
Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address, grpcCompression: { codec: 'none' } });
const worker = await Worker.create({
  ...{ connection, namespace, taskQueue, sinks },
  workflowsPath: fileURLToPath(new URL('./idle-workflow.ts', import.meta.url)),
  maxConcurrentWorkflowTaskExecutions: 200,
  maxCachedWorkflows: 2_000,
});
const running = worker.run();
process.on('message', () => process.send?.(heard));
process.send?.('polling');
process.once('SIGTERM', () => worker.shutdown());
await running;
await connection.close();
process.disconnect?.();

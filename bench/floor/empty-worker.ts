import { fileURLToPath } from 'node:url';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';

/** Serves the empty workflow with the settings of our own worker. Started by `startEmptyWorker`. */
const address = process.env['BENCH_TEMPORAL_ADDRESS'];
const namespace = process.env['BENCH_TEMPORAL_NAMESPACE'] ?? 'default';
const taskQueue = process.env['BENCH_TASK_QUEUE'];
if (address === undefined || taskQueue === undefined) throw new Error('started by hand?');

Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [] });
const connection = await NativeConnection.connect({ address, grpcCompression: { codec: 'none' } });
const worker = await Worker.create({
  connection,
  namespace,
  taskQueue,
  workflowsPath: fileURLToPath(new URL('./empty-workflow.ts', import.meta.url)),
  maxConcurrentWorkflowTaskExecutions: 200,
  maxCachedWorkflows: 2_000,
});
const running = worker.run();
process.send?.('polling');
process.once('SIGTERM', () => worker.shutdown());
await running;
await connection.close();
process.disconnect?.();

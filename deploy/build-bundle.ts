import { writeBundle } from '../src/worker/workflow-bundle.ts';

const target = process.argv[2];
if (target === undefined || target === '--help') {
  console.log(
    'node deploy/build-bundle.ts FILE\n\nWrites the workflow code as the one file that WORKFLOW_BUNDLE names.',
  );
  process.exit(target === undefined ? 1 : 0);
}
await writeBundle(target);

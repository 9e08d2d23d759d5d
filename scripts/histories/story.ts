import type { System } from '../../test/integration/support.ts';

/** Plays something on the whole system. Answers the workflows to keep: the file's name, and the workflow's id. */
export type Story = (at: System) => Promise<Readonly<Record<string, string>>>;

/** What operators do. */
export async function operate(at: System, method: string, path: string, body?: object): Promise<unknown> {
  const key = at.stack.devFile().ops_key;
  const answer = await at.api(method, path, body, { authorization: `Bearer ${key}` });
  if (answer.status < 300) return answer.body;
  throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
}

/** The id of the newest workflow of a type; what is started is listed a moment later. */
export async function newest(at: System, workflowType: string): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const found = [];
    for await (const each of at.temporal.workflow.list({ query: `WorkflowType = '${workflowType}'` })) found.push(each);
    const [last] = found.toSorted((a, b) => b.startTime.getTime() - a.startTime.getTime());
    if (last) return last.workflowId;
    await moment();
  }
  throw new Error(`no ${workflowType} was started`);
}

export function moment(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 50));
}

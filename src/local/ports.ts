import { createServer } from 'node:net';
import type { Print } from './child-log.ts';

const HIGHEST_PORT = 65_535;

/** Both the loopback and the wildcard address are tried: systems differ in which of the two hides the other. */
export async function isPortFree(port: number): Promise<boolean> {
  return (await canListen(port, '127.0.0.1')) && (await canListen(port));
}

function canListen(port: number, host?: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, exclusive: true, ...(host === undefined ? {} : { host }) }, () => {
      server.close(() => resolve(true));
    });
  });
}

function anyFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}

export type PortChooser = (name: string, wanted: number) => Promise<number>;

/** Hands out free ports, none twice; 0 asks for any. A taken one is named and the next free one is used instead. */
export function createPortChooser(print: Print): PortChooser {
  const given = new Set<number>();
  const isOurs = async (port: number) => !given.has(port) && (await isPortFree(port));
  const give = (port: number) => {
    given.add(port);
    return port;
  };
  return async (name, wanted) => {
    if (wanted === 0) {
      for (;;) {
        const port = await anyFreePort();
        if (await isOurs(port)) return give(port);
      }
    }
    for (let port = wanted; port <= HIGHEST_PORT; port += 1) {
      if (!(await isOurs(port))) continue;
      if (port !== wanted) print(`! port ${wanted} is taken: ${name} uses ${port}`);
      return give(port);
    }
    throw new Error(`no free port for ${name} from ${wanted} upwards`);
  };
}

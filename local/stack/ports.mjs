/** Finds free loopback ports and says clearly when a wanted one is taken. */
import net from 'node:net';

const host = '127.0.0.1';

/** A stray connection would keep a listener from closing for ever. */
const refuse = (socket) => socket.destroy();

/** A port that is free now. */
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = net.createServer(refuse).on('error', reject).listen(0, host, () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

function isTaken(port) {
  return new Promise((resolve) => {
    const server = net.createServer(refuse).on('error', () => resolve(true)).listen(port, host, () => {
      server.close(() => resolve(false));
    });
  });
}

/** The three ports of a stack: fixed ones next to `base`, or all free ones when `base` is 0. */
export async function choosePorts(base) {
  if (base === 0) return { api: await freePort(), database: await freePort(), sandbox: await freePort() };
  const ports = { api: base, database: base + 1, sandbox: base + 9 };
  for (const port of Object.values(ports)) {
    if (await isTaken(port)) {
      throw new Error(`Port ${port} is taken. Choose others, for example: npm start -- --port ${base + 100}`);
    }
  }
  return ports;
}

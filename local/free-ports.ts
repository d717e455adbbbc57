import { defaultPorts, isFree, type Ports } from "./ports.ts";

const firstPort = 10_000;
// Below the ports that the kernel gives to outgoing connections.
const lastPort = 32_000;
const blockSize = 20;
let next = 0;

/** A free port out of a block that belongs to this process alone, as test files run side by side. */
export async function freePort(): Promise<number> {
  const blocks = Math.floor((lastPort - firstPort) / blockSize);
  for (let tries = 0; tries < 10 * blockSize; tries += 1) {
    const block = (process.pid + Math.floor(next / blockSize)) % blocks;
    const port = firstPort + block * blockSize + (next % blockSize);
    next += 1;
    if (await isFree(port)) return port;
  }
  throw new Error("no free port found");
}

/** A free port for everything that a bridge listens on. */
export async function freePorts(): Promise<Ports> {
  const names = Object.keys(defaultPorts) as (keyof Ports)[];
  const ports: Partial<Record<keyof Ports, number>> = {};
  for (const name of names) ports[name] = await freePort();
  return ports as Ports;
}

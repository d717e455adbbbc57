/** A network between two ends of TCP connections that can be cut, silenced and slowed down. */
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { bytesUnderWay } from "./kernel.ts";

const host = "127.0.0.1";
/** A slow link passes its bytes on so many times a second. */
const slicesPerS = 10;
const marker = "<message";

/** Towards the server that is connected to, and back. */
export type Direction = "up" | "down";

export interface TcpProxy {
  readonly port: number;
  /** Connections that both ends have open. */
  readonly connections: number;
  /** Message stanzas that came from the server and went nowhere, since the start. */
  readonly swallowed: number;
  /** Tells of what either end writes from now on, in pieces that end with a tag; what goes nowhere too. */
  watch(listener: (text: string) => void): void;
  /** Bytes from the server that have not reached the other end: in the kernel, or here. */
  underWay(): number;
  /** Ends every connection with a reset of both ends. */
  reset(): void;
  /** Drops everything from now on in these directions, the ends of connections and the beginnings of others too. */
  silence(directions: readonly Direction[]): void;
  /** Passes on at most so many bytes a second in each direction. */
  slow(bytesPerS: number): void;
  /** All is well again: what was silenced is reset, as nothing can mend the hole in it; what was slow goes on. */
  heal(): void;
  close(): Promise<void>;
}

interface Network {
  silent: ReadonlySet<Direction>;
  bytesPerS: number | undefined;
}

/** Counts message stanzas in bytes, also one whose beginning is cut in two. */
function makeCounter() {
  let rest = "";
  let count = 0;
  return {
    count: () => count,
    take(chunk: Buffer) {
      const text = rest + chunk.toString("latin1");
      count += text.split(marker).length - 1;
      rest = text.slice(1 - marker.length);
      // What is left of a whole marker must not count again.
      if (text.endsWith(marker)) rest = "";
    },
  };
}

/** Joins chunks to pieces that end with a tag, so that nothing in a tag or before one is cut in two. */
function makePieces(tell: (text: string) => void) {
  let rest = "";
  return (chunk: Buffer) => {
    const text = rest + chunk.toString("latin1");
    const end = text.lastIndexOf(">") + 1;
    if (end > 0) tell(text.slice(0, end));
    rest = text.slice(end);
  };
}

/** Resolves when the socket has room, or is gone. */
async function write(socket: Socket, bytes: Buffer): Promise<void> {
  if (socket.destroyed || socket.write(bytes)) return;
  const gone = new AbortController();
  const onClose = () => gone.abort();
  socket.once("close", onClose);
  await once(socket, "drain", { signal: gone.signal }).catch(() => {});
  socket.off("close", onClose);
}

/** Starts on a free port of 127.0.0.1 in front of another, where nobody need listen yet. */
export async function startTcpProxy(upstreamPort: number): Promise<TcpProxy> {
  const network: Network = { silent: new Set(), bytesPerS: undefined };
  const sockets = new Set<Socket>();
  const pairs = new Set<readonly [Socket, Socket]>();
  const swallowed = makeCounter();
  const watchers: ((text: string) => void)[] = [];

  const pass = async (chunk: Buffer, to: Socket, direction: Direction): Promise<void> => {
    for (let rest = chunk; rest.length > 0; ) {
      // Who has closed may have told nobody: then the other end goes on writing.
      if (network.silent.has(direction) || to.destroyed) {
        if (direction === "down") swallowed.take(rest);
        return;
      }
      const { bytesPerS } = network;
      const slice = bytesPerS === undefined ? rest.length : Math.max(1, Math.round(bytesPerS / slicesPerS));
      await write(to, rest.subarray(0, slice));
      rest = rest.subarray(slice);
      if (bytesPerS !== undefined) await delay(1000 / slicesPerS);
    }
  };

  const pump = async (from: Socket, to: Socket, direction: Direction): Promise<void> => {
    const read = makePieces((text) => {
      for (const watcher of watchers) watcher(text);
    });
    try {
      // Only as fast as the other end takes it, so that each end feels the other's pace.
      for await (const chunk of from.iterator({ destroyOnReturn: false })) {
        read(chunk);
        await pass(chunk, to, direction);
      }
      if (!network.silent.has(direction)) to.end();
    } catch {
      if (!network.silent.has(direction)) to.resetAndDestroy();
    }
  };

  const add = (socket: Socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    // How it ends is the business of the other end.
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
  };

  const connect = (client: Socket) => {
    add(client);
    // The answer to its SYN would not arrive, or the SYN itself.
    if (network.silent.size > 0) return;
    const server = createConnection({ port: upstreamPort, host, allowHalfOpen: true });
    add(server);
    const pair = [client, server] as const;
    pairs.add(pair);
    void Promise.all([pump(client, server, "up"), pump(server, client, "down")]).then(() => {
      pairs.delete(pair);
    });
  };

  const reset = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  const listener = createServer({ allowHalfOpen: true }, connect).listen(0, host);
  await once(listener, "listening");
  const address = listener.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    port,
    get connections() {
      return pairs.size;
    },
    get swallowed() {
      return swallowed.count();
    },
    watch: (listener) => void watchers.push(listener),
    underWay() {
      const here = [...sockets].reduce((sum, socket) => sum + socket.writableLength, 0);
      return here + bytesUnderWay(port) + bytesUnderWay(upstreamPort);
    },
    reset,
    silence(directions) {
      network.silent = new Set(directions);
    },
    slow(bytesPerS) {
      network.bytesPerS = bytesPerS;
    },
    heal() {
      if (network.silent.size > 0) reset();
      network.silent = new Set();
      network.bytesPerS = undefined;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
      await once(listener, "close");
    },
  };
}

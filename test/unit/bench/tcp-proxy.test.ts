import assert from "node:assert/strict";
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { startTcpProxy, type TcpProxy } from "#bench/faults/tcp-proxy.ts";

const host = "127.0.0.1";

/** Resolves when it is gone, with the code of the error that it was gone with. */
function closed(socket: Socket): Promise<string | undefined> {
  return new Promise((resolve) => {
    let code: string | undefined;
    socket.on("error", (error: NodeJS.ErrnoException) => {
      code = error.code;
    });
    socket.on("close", () => resolve(code));
    socket.resume();
  });
}

/** Both ends of a connection. */
interface Ends {
  readonly client: Socket;
  readonly server: Socket;
}

describe("a network that fails", () => {
  const listener = createServer({ allowHalfOpen: true });
  const sockets = new Set<Socket>();
  let proxy: TcpProxy;

  before(async () => {
    listener.listen(0, host);
    await once(listener, "listening");
    const address = listener.address();
    assert.ok(typeof address === "object" && address !== null);
    proxy = await startTcpProxy(address.port);
  });
  after(async () => {
    await proxy.close();
    for (const socket of sockets) socket.destroy();
    listener.close();
  });

  async function connect(): Promise<Ends> {
    const accepted = once(listener, "connection");
    const client = createConnection({ host, port: proxy.port, allowHalfOpen: true });
    const [server] = (await accepted) as [Socket];
    for (const socket of [client, server]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    return { client, server };
  }

  /** Reads until so much has come. */
  async function read(socket: Socket, length: number): Promise<string> {
    let text = "";
    while (text.length < length) {
      const [chunk] = (await once(socket, "data")) as [Buffer];
      text += chunk.toString();
    }
    return text;
  }

  test("passes on both ways, and an end while the other way goes on", async () => {
    const { client, server } = await connect();
    client.end("question");
    assert.equal(await read(server, 8), "question");
    await once(server, "end");
    server.end("answer");
    assert.equal(await read(client, 6), "answer");
    await once(client, "end");
  });

  test("tells what either end writes in pieces that end with a tag", async () => {
    const { client, server } = await connect();
    let told = "";
    proxy.watch((text) => {
      assert.match(text, />$/);
      told += text;
    });
    for (const [from, to, text] of [
      [client, server, "<a id='in.one'/><b i"],
      [client, server, "d='in.two'"],
      [server, client, "<c/>"],
      [client, server, ">left"],
    ] as const) {
      from.write(text);
      await read(to, text.length);
    }
    assert.equal(told, "<a id='in.one'/><c/><b id='in.two'>");
  });

  test("resets both ends", async () => {
    const { client, server } = await connect();
    const gone = Promise.all([closed(client), closed(server)]);
    proxy.reset();
    assert.deepEqual(await gone, ["ECONNRESET", "ECONNRESET"]);
  });

  test("drops one way, counts the messages of it, and resets what it had dropped from", async () => {
    const { client, server } = await connect();
    const before = proxy.swallowed;
    proxy.silence(["down"]);
    client.write("still goes");
    assert.equal(await read(server, 10), "still goes");
    for (const piece of ["<mess", "age/><message", "/><messages", "/>"]) {
      await new Promise<void>((resolve) => server.write(piece, () => resolve()));
    }
    // What follows on the way that works shows nothing of the way that does not.
    client.write("end");
    assert.equal(await read(server, 3), "end");
    const gone = Promise.all([closed(client), closed(server)]);
    while (proxy.swallowed < before + 3) await new Promise((resolve) => setImmediate(resolve));
    proxy.heal();
    await gone;
    assert.equal(client.bytesRead, 0);
    const next = await connect();
    next.client.write("all is well");
    assert.equal(await read(next.server, 11), "all is well");
  });

  test("counts what is written to an end that is gone and could not say so", async () => {
    const { client, server } = await connect();
    const before = proxy.swallowed;
    proxy.silence(["up"]);
    const gone = closed(client);
    client.destroy();
    await gone;
    while (proxy.swallowed === before) {
      server.write("<message/>");
      // Not its callback: that comes before the proxy, in this same process, has had its turn to read.
      await setImmediate();
    }
    assert.equal(server.destroyed, false);
    const reset = closed(server);
    proxy.heal();
    assert.equal(await reset, "ECONNRESET");
  });

  test("answers nobody who connects while it is silent", async () => {
    proxy.silence(["up"]);
    const client = createConnection({ host, port: proxy.port });
    client.on("error", () => {});
    sockets.add(client);
    const connections = proxy.connections;
    client.write("hello");
    await once(client, "connect");
    assert.equal(proxy.connections, connections);
    const gone = closed(client);
    proxy.heal();
    await gone;
    assert.equal(client.bytesRead, 0);
  });

  test("passes everything on slowly, and the rest at once when it is well again", async () => {
    const { client, server } = await connect();
    proxy.slow(1_000);
    const text = "x".repeat(100_000);
    client.write(text);
    const begun = await read(server, 100);
    assert.ok(begun.length < text.length);
    proxy.heal();
    assert.equal((await read(server, text.length - begun.length)).length, text.length - begun.length);
  });
});

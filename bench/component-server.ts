/**
 * A hand-played XMPP server for one component (XEP-0114) over a real socket, with or without TLS: it shakes hands,
 * sends back what a component addresses to itself, and lets whoever plays it read and write everything else byte by
 * byte.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { createServer as createTlsServer } from "node:tls";

const stanzaPattern = /<(message|presence|iq)\b(?:[^>]*\/>|.*?<\/\1>)/gs;

export interface ComponentServerOptions {
  readonly domain: string;
  readonly secret: string;
  /** Port to listen on; any free one when absent. */
  readonly port?: number;
  /** PEM; with it the server speaks TLS from the first byte, as `localhost`. */
  readonly tls?: { readonly key: string | Buffer; readonly cert: string | Buffer };
  /** Is given each stanza with the connection that it came by, instead of its being kept and sent back. */
  readonly route?: (stanza: string, socket: Socket) => void;
}

/** One connection of the component, after the handshake. */
export interface Peer {
  /** Whether IQs to the component's own domain are sent back, as a server routes them; true at first. */
  echo: boolean;
  /** Whether the component's closing tag is answered with ours; true at first. */
  closeBack: boolean;
  readonly socket: Socket;
  /** All text received. */
  received(): string;
  /** All stanzas received, barriers included. */
  stanzas(): readonly string[];
  write(data: string | Buffer): void;
  /** Resolves with the first stanza, past or future, that matches and was not returned before. */
  expect(pattern: RegExp): Promise<string>;
  /** Sends back the barriers that were kept while `echo` was false. */
  echoKept(count?: number): void;
  /** Resolves when the component has sent its closing tag. */
  readonly closing: Promise<void>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
}

export interface ComponentServer {
  readonly port: number;
  readonly service: string;
  /** The next connection that has shaken hands. */
  accept(): Promise<Peer>;
  /** Refuses the next handshake with this stream error. */
  refuseNext(condition: string): void;
  /** Takes the next connection and never says a word. */
  muteNext(): void;
  /** Connections so far, refused ones included. */
  connections(): number;
  /** Handshakes so far, refused ones included. */
  handshakes(): number;
  /** Called before the stream's header is answered. */
  onHeader: () => void;
  /** What the next handshake is to prove. */
  secret: string;
  close(): Promise<void>;
}

function makePeer(
  socket: Socket,
  { domain, route }: ComponentServerOptions,
): { peer: Peer; take(text: string): void } {
  let text = "";
  let unread = "";
  const all: string[] = [];
  const fresh: string[] = [];
  const kept: string[] = [];
  const waiters: { pattern: RegExp; resolve: (stanza: string) => void }[] = [];
  const closing = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<void>();
  socket.on("close", () => closed.resolve());
  const toItself = new RegExp(`^<iq\\b(?=[^>]* to="${domain}")(?=[^>]* from="${domain}")`);

  const onStanza = (stanza: string) => {
    if (route) return route(stanza, socket);
    all.push(stanza);
    if (toItself.test(stanza)) {
      if (peer.echo) socket.write(stanza);
      else kept.push(stanza);
    }
    const index = waiters.findIndex(({ pattern }) => pattern.test(stanza));
    if (index >= 0) waiters.splice(index, 1)[0]?.resolve(stanza);
    else fresh.push(stanza);
  };

  const peer: Peer = {
    echo: true,
    closeBack: true,
    socket,
    received: () => text,
    stanzas: () => all,
    write: (data) => void socket.write(data),
    expect(pattern) {
      const index = fresh.findIndex((stanza) => pattern.test(stanza));
      const [found] = index >= 0 ? fresh.splice(index, 1) : [];
      if (found !== undefined) return Promise.resolve(found);
      return new Promise((resolve) => waiters.push({ pattern, resolve }));
    },
    echoKept(count = kept.length) {
      for (const stanza of kept.splice(0, count)) socket.write(stanza);
    },
    closing: closing.promise,
    closed: closed.promise,
  };
  return {
    peer,
    take(more) {
      text += more;
      unread += more;
      let end = 0;
      for (const match of unread.matchAll(stanzaPattern)) {
        end = match.index + match[0].length;
        onStanza(match[0]);
      }
      unread = unread.slice(end);
      if (!unread.includes("</stream:stream>")) return;
      closing.resolve();
      if (peer.closeBack) socket.end("</stream:stream>");
    },
  };
}

/** Starts listening on 127.0.0.1. */
export async function startComponentServer(options: ComponentServerOptions): Promise<ComponentServer> {
  const { domain } = options;
  const ready: Peer[] = [];
  const waiters: ((peer: Peer) => void)[] = [];
  const sockets = new Set<Socket>();
  let connections = 0;
  let handshakes = 0;
  let refusal: string | undefined;
  let mute = false;

  const fail = (socket: Socket, condition: string) =>
    socket.end(
      `<stream:error><${condition} xmlns='urn:ietf:params:xml:ns:xmpp-streams'/></stream:error></stream:stream>`,
    );

  const shakeHands = (socket: Socket, handshake: string, id: string, rest: string) => {
    handshakes += 1;
    const expected = createHash("sha1").update(id).update(fake.secret, "utf8").digest("hex");
    if (refusal !== undefined || handshake !== expected) {
      fail(socket, refusal ?? "not-authorized");
      refusal = undefined;
      return;
    }
    const { peer, take } = makePeer(socket, options);
    socket.on("data", (more: string) => take(more));
    socket.write("<handshake/>");
    if (rest !== "") take(rest);
    const waiter = waiters.shift();
    if (waiter) waiter(peer);
    else ready.push(peer);
  };

  const onConnection = (socket: Socket) => {
    connections += 1;
    const id = `stream-${connections}`;
    let text = "";
    sockets.add(socket);
    socket.setEncoding("utf8").setNoDelay(true);
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    if (mute) {
      mute = false;
      return;
    }
    const onData = (more: string) => {
      const opened = text.includes("<stream:stream");
      text += more;
      if (!opened && /<stream:stream[^>]*>/.test(text)) {
        fake.onHeader();
        socket.write(
          "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' " +
            `xmlns='jabber:component:accept' from='${domain}' id='${id}'>`,
        );
      }
      const match = /<handshake>([^<]*)<\/handshake>(.*)/s.exec(text);
      if (!match) return;
      socket.off("data", onData);
      shakeHands(socket, match[1] ?? "", id, match[2] ?? "");
    };
    socket.on("data", onData);
  };
  const { tls } = options;
  const server = tls ? createTlsServer(tls, onConnection) : createServer(onConnection);
  server.listen(options.port ?? 0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  const fake: ComponentServer = {
    port,
    service: tls ? `xmpps://localhost:${port}` : `xmpp://127.0.0.1:${port}`,
    accept() {
      const peer = ready.shift();
      if (peer) return Promise.resolve(peer);
      return new Promise((resolve) => waiters.push(resolve));
    },
    refuseNext(condition) {
      refusal = condition;
    },
    muteNext() {
      mute = true;
    },
    connections: () => connections,
    handshakes: () => handshakes,
    onHeader() {},
    secret: options.secret,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
  return fake;
}

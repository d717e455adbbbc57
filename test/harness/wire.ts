/** A component's connection to its server, seen and cut from outside. */
import { once } from "node:events";
import { createConnection, createServer, type Socket } from "node:net";
import type { Element } from "ltx";
import { makeSplitter } from "#connector/splitter.ts";
import { limits } from "#core/limits.ts";
import { parseStanza } from "#core/xmpp/codec.ts";

export interface Crossing {
  /** Streams that have shaken hands are counted from 1. */
  readonly stream: number;
  readonly stanza: Element;
}

export interface Wire {
  readonly port: number;
  /** Streams that have shaken hands so far. */
  readonly streams: number;
  /** Stanzas that the component has written, its barriers included. */
  readonly written: readonly Crossing[];
  /** Stanzas that the server has written. */
  readonly read: readonly Crossing[];
  /** Cuts the connection that there is; the next one is let through. */
  cut(): void;
  close(): Promise<void>;
}

const host = "127.0.0.1";

/** Calls `onElement` with each element of a stream, the stream's own tags aside. */
function watch(socket: Socket, onElement: (xml: string) => void): void {
  // Whatever one end writes is seen: what is too much is for the other end to say.
  const splitter = makeSplitter({ ...limits, stanzaInBytesMax: 2 ** 24, stanzaPartsMax: 2 ** 24 });
  socket.on("data", (chunk: Buffer) => {
    splitter.push(chunk);
    for (let piece = splitter.next(); piece !== undefined; piece = splitter.next()) {
      if (piece.kind === "element") onElement(piece.xml);
    }
  });
}

/** Starts between a component and its server, which need not be there yet. */
export async function startWire(port: number, serverPort: number): Promise<Wire> {
  const written: Crossing[] = [];
  const read: Crossing[] = [];
  const sockets = new Set<Socket>();
  let streams = 0;

  const connect = (component: Socket) => {
    const server = createConnection({ port: serverPort, host });
    let stream: number | undefined;
    const note = (into: Crossing[]) => (xml: string) => {
      const stanza = parseStanza(xml);
      if (stanza.ok && stream !== undefined) into.push({ stream, stanza: stanza.value });
    };
    watch(component, note(written));
    const noteRead = note(read);
    watch(server, (xml) => {
      if (xml.startsWith("<handshake")) {
        streams += 1;
        stream = streams;
      } else noteRead(xml);
    });
    for (const [socket, other] of [
      [component, server],
      [server, component],
    ] as const) {
      sockets.add(socket);
      socket.setNoDelay(true);
      // How it ends is the business of the other end.
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        other.end();
      });
      socket.pipe(other);
    }
  };

  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  const listener = createServer(connect).listen(port, host);
  await once(listener, "listening");
  return {
    port,
    get streams() {
      return streams;
    },
    written,
    read,
    cut,
    async close() {
      cut();
      listener.close();
      await once(listener, "close");
    },
  };
}

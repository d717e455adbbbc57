/** An XMPP client of bytes: it writes whatever it is told, and no stanza can trip it. */
import { once } from "node:events";
import { createConnection } from "node:net";
import { makeSplitter } from "#connector/splitter.ts";
import { type Inbox, makeInbox } from "../inbox.ts";

export interface RawClient {
  /** Stanzas that arrived, as text. */
  readonly inbox: Inbox<string>;
  write(data: string | Buffer): void;
  /** The next message from a bare JID; its id. */
  nextId(from: string, timeoutMs?: number): Promise<string | undefined>;
  /** Resolves when the connection is gone. */
  readonly closed: Promise<void>;
  isClosed(): boolean;
  close(): Promise<void>;
}

/** Whatever a server lets through. */
const noLimits = { stanzaInBytesMax: 16 * 1024 ** 2, stanzaDepthMax: 100_000, stanzaPartsMax: 1e7 };

/** Logs in without encryption (RFC 6120 §6, §7; RFC 4616) and becomes available, roster fetched. */
export async function connectRaw(
  server: { readonly host: string; readonly port: number; readonly domain: string },
  name: string,
  password: string,
  resource: string,
): Promise<RawClient> {
  const socket = createConnection({ port: server.port, host: server.host });
  const inbox = makeInbox<string>((xml) => xml.slice(0, 300));
  let splitter = makeSplitter(noLimits);
  let isClosed = false;
  const closed = Promise.withResolvers<void>();
  socket.setNoDelay(true);
  socket.on("error", () => {});
  socket.on("close", () => {
    isClosed = true;
    closed.resolve();
  });
  socket.on("data", (chunk: Buffer) => {
    splitter.push(chunk);
    for (let piece = splitter.next(); piece !== undefined; piece = splitter.next()) {
      if (piece.kind === "element") inbox.put(piece.xml);
    }
  });
  await once(socket, "connect");
  const open = () => {
    splitter = makeSplitter(noLimits);
    socket.write(
      `<?xml version='1.0'?><stream:stream to='${server.domain}' version='1.0' xmlns='jabber:client' ` +
        "xmlns:stream='http://etherx.jabber.org/streams'>",
    );
  };
  const awaitOne = async (pattern: RegExp) =>
    await inbox.next((xml) => pattern.test(xml), String(pattern), 60_000);
  open();
  await awaitOne(/^<stream:features/);
  const plain = Buffer.from(`\0${name}\0${password}`).toString("base64");
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${plain}</auth>`);
  await awaitOne(/^<success/);
  open();
  await awaitOne(/^<stream:features/);
  const bind = `<bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>${resource}</resource></bind>`;
  socket.write(`<iq type='set' id='bind'>${bind}</iq>`);
  await awaitOne(/^<iq\b[^>]* id=['"]bind/);
  socket.write("<iq type='get' id='roster'><query xmlns='jabber:iq:roster'/></iq><presence/>");
  await awaitOne(/^<iq\b[^>]* id=['"]roster/);
  return {
    inbox,
    write: (data) => void socket.write(data),
    async nextId(from, timeoutMs = 60_000) {
      const sender = new RegExp(`^<message\\b[^>]* from=['"]${from.replaceAll(".", "\\.")}['"/]`);
      const xml = await inbox.next((each) => sender.test(each), `message from ${from}`, timeoutMs);
      return /^<message\b[^>]* id=['"]([^'"]*)/.exec(xml)?.[1];
    },
    closed: closed.promise,
    isClosed: () => isClosed,
    async close() {
      socket.end("</stream:stream>");
      await closed.promise;
    },
  };
}

/**
 * An XMPP client that only carries load: plain TCP on this machine, SASL PLAIN, no XML parser. What it costs is taken
 * from the server and the bridge, as all share the machine.
 */
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { Endpoints } from "#local/endpoints.ts";

export interface LoadClient {
  readonly bare: string;
  readonly full: string;
  /** Writes stanzas; whoever calls bounds what is on its way. */
  write(xml: string): void;
  /** Called with each message that comes, from now on. */
  onMessage(listener: (id: string, isError: boolean) => void): void;
  close(): Promise<void>;
}

const answerMsMax = 20_000;
const messageEnd = "</message>";
const idPattern = / id=(["'])(.*?)\1/;
const errorPattern = / type=(["'])error\1/;

/** Text as it comes: first awaited piece by piece, then message by message. */
function makeReader(socket: Socket) {
  let text = "";
  let look = () => {};
  let onMessage: ((id: string, isError: boolean) => void) | undefined;

  const takeMessages = () => {
    let from = 0;
    for (let end = text.indexOf(messageEnd); end >= 0; end = text.indexOf(messageEnd, from)) {
      const start = text.indexOf("<message", from);
      const head = text.slice(start, text.indexOf(">", start));
      onMessage?.(idPattern.exec(head)?.[2] ?? "", errorPattern.test(head));
      from = end + messageEnd.length;
    }
    text = text.slice(from);
  };

  socket.on("data", (more: string) => {
    text += more;
    if (onMessage) takeMessages();
    else look();
  });
  return {
    /** Takes everything up to what is awaited. */
    async expect(pattern: RegExp): Promise<RegExpExecArray> {
      const { promise, resolve, reject } = Promise.withResolvers<RegExpExecArray>();
      const timer = setTimeout(() => reject(new Error(`no ${pattern} came, but: ${text}`)), answerMsMax);
      look = () => {
        const found = pattern.exec(text);
        if (found === null) return;
        text = text.slice(found.index + found[0].length);
        look = () => {};
        resolve(found);
      };
      look();
      return await promise.finally(() => clearTimeout(timer));
    },
    listen(listener: (id: string, isError: boolean) => void) {
      onMessage = listener;
      takeMessages();
    },
  };
}

/** Logs an account in and becomes available. */
export async function connectLoadClient(
  { host, port, domain }: Pick<Endpoints["xmpp"], "host" | "port" | "domain">,
  account: { readonly name: string; readonly password: string },
): Promise<LoadClient> {
  const socket = connect({ host, port }).setNoDelay(true).setEncoding("utf8");
  await once(socket, "connect");
  const reader = makeReader(socket);
  const open = async () => {
    socket.write(
      `<?xml version='1.0'?><stream:stream to='${domain}' version='1.0' xmlns='jabber:client' ` +
        "xmlns:stream='http://etherx.jabber.org/streams'>",
    );
    await reader.expect(/<\/stream:features>/);
  };
  await open();
  // RFC 4616
  const proof = Buffer.from(`\0${account.name}\0${account.password}`).toString("base64");
  socket.write(`<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='PLAIN'>${proof}</auth>`);
  await reader.expect(/<success[^>]*>/);
  await open();
  socket.write(
    "<iq type='set' id='bind'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>load</resource></bind></iq>",
  );
  const full = (await reader.expect(/<jid>([^<]*)<\/jid>.*?<\/iq>/s))[1] ?? "";
  socket.write("<presence/><iq type='get' id='there'><query xmlns='jabber:iq:roster'/></iq>");
  await reader.expect(/<iq[^>]* id=["']there["']/);
  // What goes wrong later shows as messages that do not arrive.
  socket.on("error", () => {});
  reader.listen(() => {});
  return {
    bare: `${account.name}@${domain}`,
    full,
    write(xml) {
      socket.write(xml);
    },
    onMessage: reader.listen,
    async close() {
      if (socket.destroyed) return;
      socket.end("</stream:stream>");
      await once(socket, "close");
    },
  };
}

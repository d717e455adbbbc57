/**
 * An XMPP server for one component (XEP-0114) that routes so many stanzas a second: it takes them in order, sends
 * back what the component addresses to itself, and says when it has routed which message.
 */
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";

const stanzaPattern = /<(message|presence|iq)\b(?:[^>]*\/>|.*?<\/\1>)/gs;

export interface ComponentServer {
  readonly port: number;
  /** Presences routed so far. */
  presences(): number;
  /** When the message with this id was routed, in milliseconds of `performance.now()`. */
  routedAt(id: string): Promise<number>;
  close(): Promise<void>;
}

export async function startComponentServer(
  domain: string,
  secret: string,
  stanzasPerS: number,
): Promise<ComponentServer> {
  const routed = new Map<string, PromiseWithResolvers<number>>();
  const sockets = new Set<Socket>();
  let presences = 0;
  let freeAt = 0;
  const arrival = (id: string) => {
    const known = routed.get(id) ?? Promise.withResolvers<number>();
    routed.set(id, known);
    return known;
  };

  /** Routes one stanza when everything before it is routed. */
  const route = (socket: Socket, stanza: string, kind: string | undefined) => {
    freeAt = Math.max(freeAt, performance.now()) + 1000 / stanzasPerS;
    const at = freeAt;
    if (kind === "presence") presences += 1;
    else if (kind === "message") arrival(/ id="([^"]*)"/.exec(stanza)?.[1] ?? "").resolve(at);
    else if (stanza.includes(` to="${domain}"`))
      setTimeout(() => socket.write(stanza), at - performance.now());
  };

  const server = createServer((socket) => {
    let text = "";
    let isOpen = false;
    const id = "bench";
    sockets.add(socket);
    socket.setEncoding("utf8").setNoDelay(true);
    socket.on("error", () => {});
    socket.on("data", (more: string) => {
      text += more;
      if (!isOpen && /<stream:stream[^>]*>/.test(text)) {
        isOpen = true;
        text = "";
        socket.write(
          "<?xml version='1.0'?><stream:stream xmlns:stream='http://etherx.jabber.org/streams' " +
            `xmlns='jabber:component:accept' from='${domain}' id='${id}'>`,
        );
        return;
      }
      const handshake = /<handshake>([^<]*)<\/handshake>/.exec(text);
      if (handshake) {
        const expected = createHash("sha1").update(id).update(secret).digest("hex");
        text = "";
        if (handshake[1] === expected) socket.write("<handshake/>");
        else socket.destroy();
        return;
      }
      let end = 0;
      for (const match of text.matchAll(stanzaPattern)) {
        route(socket, match[0], match[1]);
        end = match.index + match[0].length;
      }
      text = text.slice(end);
      if (text.includes("</stream:stream>")) socket.end("</stream:stream>");
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    presences: () => presences,
    routedAt: (id) => arrival(id).promise,
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}

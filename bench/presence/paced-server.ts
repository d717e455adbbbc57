/** An XMPP server for one component that routes so many stanzas a second, in order, and says when it has routed which message. */
import type { Socket } from "node:net";
import { startComponentServer } from "../component-server.ts";

export interface PacedServer {
  readonly port: number;
  /** Presences routed so far. */
  presences(): number;
  /** When the message with this id was routed, in milliseconds of `performance.now()`. */
  routedAt(id: string): Promise<number>;
  close(): Promise<void>;
}

export async function startPacedServer(
  domain: string,
  secret: string,
  stanzasPerS: number,
): Promise<PacedServer> {
  const routed = new Map<string, PromiseWithResolvers<number>>();
  let presences = 0;
  let freeAt = 0;
  const arrival = (id: string) => {
    const known = routed.get(id) ?? Promise.withResolvers<number>();
    routed.set(id, known);
    return known;
  };

  /** Routes one stanza when everything before it is routed. */
  const route = (stanza: string, socket: Socket) => {
    freeAt = Math.max(freeAt, performance.now()) + 1000 / stanzasPerS;
    const at = freeAt;
    if (stanza.startsWith("<presence")) presences += 1;
    else if (stanza.startsWith("<message")) arrival(/ id="([^"]*)"/.exec(stanza)?.[1] ?? "").resolve(at);
    else if (stanza.includes(` to="${domain}"`))
      setTimeout(() => socket.write(stanza), at - performance.now());
  };

  const { port, close } = await startComponentServer({ domain, secret, route });
  return { port, presences: () => presences, routedAt: (id) => arrival(id).promise, close };
}

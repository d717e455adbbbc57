/** The part of @xmpp/client that is used here; the package ships no types. */
declare module "@xmpp/client" {
  import type { EventEmitter } from "node:events";
  import type { TLSSocket } from "node:tls";
  import type { Element } from "ltx";

  export interface ClientOptions {
    service: string;
    domain: string;
    username: string;
    password: string;
    resource?: string;
  }

  export interface Client extends EventEmitter {
    jid: { toString(): string } | null;
    /** Node's, and after STARTTLS what wraps it. */
    socket: { socket?: TLSSocket; destroy?(): void } | null;
    /** Resolves when the session is up. */
    start(): Promise<unknown>;
    stop(): Promise<unknown>;
    send(element: Element): Promise<void>;
    reconnect: { delay: number; stop(): void };
    iqCaller: { request(element: Element, timeoutMs?: number): Promise<Element> };
    /** Called with each piece that the socket brings. */
    _onData(data: Buffer | string): void;
  }

  export function client(options: ClientOptions): Client;
}

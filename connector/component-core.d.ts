/** The part of @xmpp/component-core that we use; the package ships no types. */
declare module "@xmpp/component-core" {
  import type { EventEmitter } from "node:events";
  import type { Socket } from "node:net";
  import type { Element } from "ltx";

  /** XEP-0114 over TCP: stream and handshake, without reconnect and without answers of its own. */
  export class Component extends EventEmitter {
    constructor(options: { service: string; domain: string });
    /** Called with `new`; what it returns is the socket that is used. */
    Socket: () => Socket;
    /** What the socket's `connect` is called with. */
    socketParameters: (service: string) => object;
    /** Called with `new` for each stream; what it returns reads it. */
    Parser: () => EventEmitter & { write(text: string): void };
    /** Milliseconds that each step of opening and closing may take. */
    timeout: number;
    /** Resolves when the socket is connected; it knows no timeout. */
    connect(service: string): Promise<unknown>;
    /** Sends our stream header; resolves with the server's. */
    open(options: { domain: string }): Promise<Element>;
    /** The handshake; it hashes the password's characters as latin1 bytes. */
    authenticate(streamId: string | undefined, password: string): Promise<void>;
    /** Resolves when the kernel has taken the text. */
    write(xml: string): Promise<void>;
  }
}

/**
 * One connection to the server, from connect to close: `@xmpp/component-core` on a socket that is read in small
 * bounded pieces and can be held (see docs/decisions/0002-connector-stream.md).
 */
import { once } from "node:events";
import { Component } from "@xmpp/component-core";
import type { Element } from "ltx";
import type { Limits } from "#core/limits.ts";
import { isWellFormed, XmlFault } from "#core/xmpp/element-reader.ts";
import { type DialOptions, dial, isTls } from "./dial.ts";
import { nameOfError } from "./log.ts";
import { makeQuiet } from "./quiet.ts";
import { headOf, makeSplitter, type Piece } from "./splitter.ts";
import { makeStreamParser } from "./stream-parser.ts";

export type Refused = Extract<Piece, { kind: "refused" }>;

export interface LinkOptions extends DialOptions {
  readonly domain: string;
  readonly secret: string;
  readonly limits: Limits;
  /** Whether the stream may be ours; asked before each write, and before a handshake could displace another's. */
  isOurs(): boolean;
  /** Whether nothing more may be read for now; `aheadBytes` have been read and are no stanzas yet. */
  isFull(aheadBytes: number): boolean;
  onStanza(stanza: Element, bytes: number): void;
  onRefused(piece: Refused): void;
  /** Reading has stopped because of {@link LinkOptions.isFull}, or goes on. */
  onHeld(held: boolean): void;
}

export interface Link {
  /** Lets stanzas in; before it, nothing after the handshake is looked at. */
  begin(): void;
  /** Goes on reading if there is room again. */
  resume(): void;
  /** Resolves when the kernel has taken the text; rejects when the stream is not ours any more, or is being closed. */
  write(xml: string): Promise<void>;
  /** Closes in order: nothing more is written, and all is read that the server had sent before it noticed. */
  close(): void;
  /** Closes now; what the kernel holds is lost. */
  destroy(reason: string): void;
  /** Milliseconds (monotonic) of the last byte read. */
  readAt(): number;
  /** Resolves with the reason when the connection is gone. */
  readonly closed: Promise<string>;
}

/** Why opening or the stream failed, in a word: a stream error's condition, or a code of the network. */
function reasonOf(error: unknown): string {
  if (error instanceof Error && "condition" in error && typeof error.condition === "string") {
    return error.condition;
  }
  if (error instanceof Error && "code" in error && typeof error.code === "string") return error.code;
  return nameOfError(error);
}

/** The state of one connection; `run` methods are called by its socket. */
function makeLink(options: LinkOptions) {
  const { domain, service, limits } = options;
  const splitter = makeSplitter(limits);
  const entity = new Component({ domain, service });
  /** What is decrypted comes to the end, also when its first piece stops the reading. */
  const readAheadBytes = isTls(service) ? limits.tlsReadBytes : 0;
  const { promise: closed, resolve: resolveClosed } = Promise.withResolvers<string>();
  let phase: "opening" | "waiting" | "up" | "closing" = "opening";
  let reason: string | undefined;
  let held = false;
  let pumping = false;
  let elements = 0;
  let bytes = 0;
  const quiet = makeQuiet(limits, performance.now());
  let closeTimer: NodeJS.Timeout | undefined;

  /** The first reason counts; what follows is its consequence. */
  const destroy = (why: string) => {
    reason ??= why;
    // The component may still try to close in order, which nobody waits for.
    entity.timeout = 1;
    if (!socket.destroyed) socket.destroy(new Error(why));
  };

  const feed = (xml: string, count: number) => {
    elements = 0;
    // The component listens to the socket's own event, which `onread` keeps silent.
    socket.emit("data", xml);
    // A parser that sees another number of elements than the splitter has been led astray.
    if (elements !== count) destroy("not-well-formed");
  };

  /**
   * RFC 6120 §11.3 would have the stream closed by what namespaces forbid, too. Both servers let some of it through, so any
   * contact could close it for all: where only namespaces are wrong, the stanza stays out.
   */
  const feedStanza = ({ xml, bytes }: Extract<Piece, { kind: "element" }>) => {
    try {
      feed(xml, 1);
    } catch (error) {
      if (phase === "opening" || !(error instanceof XmlFault) || !isWellFormed(xml)) throw error;
      const head = headOf(xml);
      options.onRefused({ kind: "refused", reason: "malformed", bytes, ...(head !== undefined && { head }) });
    }
  };

  const deliver = (piece: Piece) => {
    switch (piece.kind) {
      case "opening":
        return feed(piece.xml, 0);
      case "element":
        bytes = piece.bytes;
        feedStanza(piece);
        if (phase === "opening") phase = "waiting";
        return;
      case "closing":
        feed(piece.xml, 0);
        reason ??= "closed-by-server";
        if (phase !== "closing") return close();
        socket.end();
        return;
      case "refused":
        return options.onRefused(piece);
      case "broken":
        return destroy("not-well-formed");
    }
  };

  const hold = (now: boolean) => {
    if (held === now) return;
    held = now;
    if (now) quiet.hold(performance.now());
    else quiet.goOn(performance.now());
    options.onHeld(now);
  };

  /** Delivers what is there as far as there is room; true when the socket may be read on. */
  const deliverAll = (): boolean => {
    while (!socket.destroyed) {
      if (phase === "waiting") return false;
      if (phase !== "opening" && options.isFull(splitter.ahead() + readAheadBytes)) {
        hold(true);
        return false;
      }
      const piece = splitter.next();
      if (piece === undefined) {
        hold(false);
        return true;
      }
      try {
        deliver(piece);
      } catch (error) {
        destroy(error instanceof XmlFault ? "not-well-formed" : reasonOf(error));
      }
    }
    return false;
  };

  const pump = (): boolean => {
    // A delivery may make room and so ask to go on: the loop under way does.
    if (pumping) return false;
    pumping = true;
    try {
      return deliverAll();
    } finally {
      pumping = false;
    }
  };

  const socket = dial(options, {
    buffer: Buffer.allocUnsafe(limits.readChunkBytes),
    callback(length, buffer) {
      quiet.read(performance.now());
      if (phase === "opening" && !options.isOurs()) {
        destroy("lease-lost");
        return false;
      }
      // A copy: the buffer is used again.
      splitter.push(Buffer.from(buffer.subarray(0, length)));
      return pump();
    },
  });

  const goOn = () => {
    if (pump()) socket.resume();
  };

  const expectEnd = () => {
    closeTimer = setTimeout(() => {
      // After what has come is read: a process that stood still finds its timers due before its sockets.
      setImmediate(() => {
        if (socket.destroyed) return;
        if (quiet.isOver(performance.now())) destroy("close-timeout");
        else expectEnd();
      });
    }, limits.closeMsMax);
  };

  function close() {
    if (phase === "closing" || socket.destroyed) return;
    if (phase === "opening" || phase === "waiting") return destroy("closed");
    phase = "closing";
    // A FIN right behind our closing tag could make the server forget what it has yet to send: the server ends.
    if (reason === undefined) socket.write("</stream:stream>");
    else socket.end("</stream:stream>");
    quiet.close(performance.now());
    expectEnd();
  }

  return {
    entity,
    socket,
    closed,
    destroy,
    close,
    goOn,
    readAt: quiet.readAt,
    isClosing: () => phase === "closing",
    begin() {
      if (phase === "waiting") phase = "up";
      goOn();
    },
    wire() {
      socket.on("connect", () => {
        socket.setNoDelay(true);
        socket.setKeepAlive(true, limits.livenessMs);
      });
      // It is connecting already.
      socket.connect = () => socket;
      entity.socketParameters = () => ({});
      entity.timeout = limits.connectMsMax;
      entity.Socket = function takeSocket() {
        return socket;
      };
      entity.Parser = function takeParser() {
        return makeStreamParser(limits);
      };
      entity.on("element", () => {
        elements += 1;
      });
      entity.on("stanza", (stanza: Element) => options.onStanza(stanza, bytes));
      entity.on("error", (error: unknown) => destroy(reasonOf(error)));
      // The component lets go of the socket when it closes; a late error must still find a listener.
      socket.on("error", () => {});
      socket.on("close", () => {
        clearTimeout(closeTimer);
        resolveClosed(reason ?? "closed");
      });
    },
  };
}

/**
 * Connects, opens the stream and shakes hands (XEP-0114 §3).
 *
 * @throws Error whose message is the reason in a word: `conflict`, `host-unknown`, `not-authorized`,
 *   `plain-to-public`, `ECONNREFUSED`, `connect-timeout`, …
 */
export async function openLink(options: LinkOptions, signal: AbortSignal): Promise<Link> {
  const link = makeLink(options);
  const { entity, closed, destroy } = link;
  link.wire();
  const timer = setTimeout(() => destroy("connect-timeout"), options.limits.connectMsMax);
  const abort = () => destroy("stopped");
  signal.addEventListener("abort", abort);
  const open = async () => {
    await entity.connect(options.service);
    // Not a byte to a server that has not proved who it is.
    if (isTls(options.service)) await once(link.socket, "secureConnect");
    const header = await entity.open({ domain: options.domain });
    // XEP-0114 §3 hashes the secret's UTF-8 bytes; the library hashes one byte per character.
    await entity.authenticate(header.attrs["id"], Buffer.from(options.secret, "utf8").toString("latin1"));
  };
  try {
    const failed = closed.then((reason) => {
      throw new Error(reason);
    });
    const opened = open().catch(async (error: unknown) => {
      destroy(reasonOf(error));
      throw new Error(await closed, { cause: error });
    });
    await Promise.race([opened, failed]);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
  return {
    begin: link.begin,
    resume: link.goOn,
    async write(xml) {
      if (!options.isOurs()) throw new Error("lease-lost");
      // RFC 6120 §4.4: nothing follows the closing tag.
      if (link.isClosing()) throw new Error("closing");
      await entity.write(xml);
    },
    close: link.close,
    destroy,
    readAt: link.readAt,
    closed,
  };
}

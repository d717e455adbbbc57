/**
 * Cuts a component stream into its elements: bytes in, whole elements out. The XML parser behind it gets each
 * element in one piece, so no segment boundary can split a character or a stanza, one element is the most that
 * a call completes, and what is too large, too deep or of too many parts never reaches the parser.
 */
import type { Limits } from "#core/limits.ts";
import { makeTagLexer, type TagEvent } from "./tag-lexer.ts";

type RefusalReason = "oversized" | "too-deep" | "too-many-parts" | "malformed";

export type Piece =
  /** The stream's opening tag. */
  | { readonly kind: "opening"; readonly xml: string }
  /** A stanza, or another element directly inside the stream. */
  | { readonly kind: "element"; readonly xml: string; readonly bytes: number }
  /** An element that was thrown away; `head` is its opening tag, where that could be kept. */
  | {
      readonly kind: "refused";
      readonly reason: RefusalReason;
      readonly head?: string;
      readonly bytes: number;
    }
  /** The stream's closing tag. */
  | { readonly kind: "closing"; readonly xml: string }
  /** What no server may send; nothing follows. */
  | { readonly kind: "broken" };

export interface Splitter {
  /** Gives the next bytes; they may be reused when {@link Splitter.next} has returned undefined. */
  push(chunk: Buffer): void;
  /** The next piece; undefined when more bytes are needed. */
  next(): Piece | undefined;
  /** Bytes taken that no piece has been made of yet. */
  ahead(): number;
}

/** Opening tags above this are not kept for an error reply. */
const headBytesMax = 16 * 1024;
/** A buffer that grew beyond this is let go with its element. */
const keptBytesMax = 64 * 1024;

/** The opening tag of an element, where it can be kept. */
export function headOf(xml: string): string | undefined {
  const bytes = Buffer.from(xml);
  const lexer = makeTagLexer();
  for (const [index, byte] of bytes.subarray(0, headBytesMax).entries()) {
    const event = lexer.take(byte);
    if (event === "open" || event === "empty") return bytes.toString("utf8", 0, index + 1);
  }
  return undefined;
}

/** Bytes of one element that span several chunks. */
function makeStore() {
  let buffer = Buffer.alloc(0);
  let length = 0;
  return {
    length: () => length,
    add(bytes: Buffer) {
      if (buffer.length < length + bytes.length) {
        const grown = Buffer.allocUnsafe(2 * (length + bytes.length));
        buffer.copy(grown, 0, 0, length);
        buffer = grown;
      }
      bytes.copy(buffer, length);
      length += bytes.length;
    },
    text: (end: number) => buffer.toString("utf8", 0, end),
    clear() {
      length = 0;
      if (buffer.length > keptBytesMax) buffer = Buffer.alloc(0);
    },
  };
}

export function makeSplitter(
  limits: Pick<Limits, "stanzaInBytesMax" | "stanzaDepthMax" | "stanzaPartsMax">,
): Splitter {
  const lexer = makeTagLexer();
  const store = makeStore();
  let chunk: Buffer = Buffer.alloc(0);
  let position = 0;
  /** Where the current element's bytes begin in the chunk; undefined between elements, where text is passed over. */
  let start: number | undefined;
  /** Elements that are open; 1 is the stream itself. */
  let depth = 0;
  /** Bytes of the current element in earlier chunks, thrown away ones included. */
  let earlier = 0;
  /** Elements and attributes of the current element. */
  let parts = 0;
  /** Size of the current element's opening tag, once it is complete. */
  let headBytes = 0;
  let refusal: { reason: RefusalReason; head?: string } | undefined;
  let ended = false;

  const size = () => earlier + (start === undefined ? 0 : position - start);

  /** Keeps the opening tag of what is refused, and none of the rest. */
  const refuse = (reason: RefusalReason) => {
    if (refusal || start === undefined) return;
    store.add(chunk.subarray(start, position));
    refusal = {
      reason,
      ...(headBytes > 0 && headBytes <= headBytesMax ? { head: store.text(headBytes) } : {}),
    };
    store.clear();
  };

  const takeText = (): string => {
    if (store.length() === 0) return chunk.toString("utf8", start, position);
    store.add(chunk.subarray(start, position));
    return store.text(store.length());
  };

  const reset = () => {
    start = undefined;
    earlier = 0;
    parts = 0;
    headBytes = 0;
    refusal = undefined;
    store.clear();
  };

  const finish = (kind: "opening" | "element" | "closing"): Piece => {
    const bytes = size();
    if (kind === "element" && bytes > limits.stanzaInBytesMax) refuse("oversized");
    const piece: Piece = refusal ? { kind: "refused", ...refusal, bytes } : { kind, xml: takeText(), bytes };
    reset();
    return piece;
  };

  const countPart = () => {
    parts += 1;
    if (parts > limits.stanzaPartsMax) refuse("too-many-parts");
  };

  /** One begins inside what is open: with an end of its own or empty, it is as deep. */
  const countElement = () => {
    countPart();
    if (depth > limits.stanzaDepthMax) refuse("too-deep");
  };

  const opened = (): Piece | undefined => {
    countElement();
    depth += 1;
    if (depth === 1) return finish("opening");
    if (depth === 2) headBytes = size();
    return undefined;
  };

  const fail = (): Piece => {
    ended = true;
    reset();
    return { kind: "broken" };
  };

  const on = (event: TagEvent): Piece | undefined => {
    switch (event) {
      case "begin":
        // What lies between elements may be white space only (RFC 6120 §4.6.1): anything else is passed over with it.
        start ??= position - 1;
        return undefined;
      case "attribute":
        countPart();
        return undefined;
      case "open":
        return opened();
      case "empty":
        if (depth === 0) return fail();
        countElement();
        if (depth > 1) return undefined;
        headBytes = size();
        return finish("element");
      case "close":
        depth -= 1;
        if (depth < 0) return fail();
        if (depth > 1) return undefined;
        ended = depth === 0;
        return finish(ended ? "closing" : "element");
      case "instruction":
        // The XML declaration before the stream; nowhere else (RFC 6120 §11.1).
        if (depth > 0) return fail();
        reset();
        return undefined;
      case "broken":
        return fail();
    }
  };

  /** Puts the unfinished element's bytes by, since the chunk will be reused. */
  const keepRest = () => {
    if (start === undefined) return;
    if (size() > limits.stanzaInBytesMax) refuse("oversized");
    if (!refusal) store.add(chunk.subarray(start));
    earlier += chunk.length - start;
    start = 0;
  };

  return {
    push(bytes) {
      // TLS hands over what it has decrypted also when nothing more was wanted. What is left begins with an element.
      chunk = position < chunk.length ? Buffer.concat([chunk.subarray(position), bytes]) : bytes;
      position = 0;
    },
    next() {
      while (!ended) {
        position = lexer.skip(chunk, position);
        const byte = chunk[position];
        if (byte === undefined) break;
        position += 1;
        const event = lexer.take(byte);
        const piece = event && on(event);
        if (piece) return piece;
      }
      if (chunk.length > 0) keepRest();
      chunk = chunk.subarray(0, 0);
      position = 0;
      return undefined;
    },
    ahead: () => size() + chunk.length - position,
  };
}

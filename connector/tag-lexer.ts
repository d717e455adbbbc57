/**
 * Finds where tags begin and end, and nothing else: enough to know where a stanza ends without
 * parsing it. UTF-8 never has a byte below 0x80 inside a character, so a chunk may end anywhere.
 */

/** What the last byte was: a tag's beginning, or the last byte of something. */
export type TagEvent = "begin" | "attribute" | "open" | "empty" | "close" | "instruction" | "broken";

const lessThan = 0x3c;
const greaterThan = 0x3e;
const slash = 0x2f;
const question = 0x3f;
const exclamation = 0x21;
const doubleQuote = 0x22;
const singleQuote = 0x27;
const closingBracket = 0x5d;
const cdataStart = Buffer.from("[CDATA[");

type Mode = "text" | "tag" | "open" | "quoted" | "close" | "instruction" | "declaration" | "cdata";

export interface TagLexer {
  /** Takes the next byte; the answer concerns it. */
  take(byte: number): TagEvent | undefined;
  /** Where the next byte is that must be taken: most are text, or an attribute's value, and mean nothing. */
  skip(bytes: Buffer, from: number): number;
}

export function makeTagLexer(): TagLexer {
  let mode: Mode = "text";
  let quote = 0;
  let previous = 0;
  /** Bytes of `[CDATA[` seen, or closing brackets in a row inside the section. */
  let count = 0;

  const inTag = (byte: number): TagEvent | undefined => {
    if (byte === slash) mode = "close";
    else if (byte === question) mode = "instruction";
    else if (byte === exclamation) {
      mode = "declaration";
      count = 0;
    } else if (byte === lessThan || byte === greaterThan) return "broken";
    else mode = "open";
    return undefined;
  };

  const inOpen = (byte: number): TagEvent | undefined => {
    if (byte === doubleQuote || byte === singleQuote) {
      mode = "quoted";
      quote = byte;
    } else if (byte === lessThan) return "broken";
    else if (byte === greaterThan) {
      mode = "text";
      return previous === slash ? "empty" : "open";
    }
    return undefined;
  };

  // RFC 6120 §11.1: no comments and no declarations on a stream; a CDATA section is text.
  const inDeclaration = (byte: number): TagEvent | undefined => {
    if (byte !== cdataStart[count]) return "broken";
    count += 1;
    if (count === cdataStart.length) {
      mode = "cdata";
      count = 0;
    }
    return undefined;
  };

  const inCdata = (byte: number): undefined => {
    if (byte === closingBracket) count += 1;
    else {
      if (byte === greaterThan && count >= 2) mode = "text";
      count = 0;
    }
  };

  const onByte = (byte: number): TagEvent | undefined => {
    switch (mode) {
      case "text":
        if (byte !== lessThan) return undefined;
        mode = "tag";
        return "begin";
      case "quoted":
        if (byte !== quote) return undefined;
        mode = "open";
        return "attribute";
      case "open":
        return inOpen(byte);
      case "tag":
        return inTag(byte);
      case "close":
        if (byte !== greaterThan) return undefined;
        mode = "text";
        return "close";
      case "instruction":
        if (byte !== greaterThan || previous !== question) return undefined;
        mode = "text";
        return "instruction";
      case "declaration":
        return inDeclaration(byte);
      case "cdata":
        return inCdata(byte);
    }
  };

  return {
    take(byte) {
      const event = onByte(byte);
      previous = byte;
      return event;
    },
    skip(bytes, from) {
      if (mode !== "text" && mode !== "quoted") return from;
      const next = bytes.indexOf(mode === "text" ? lessThan : quote, from);
      return next < 0 ? bytes.length : next;
    },
  };
}

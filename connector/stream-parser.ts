/**
 * The component's parser: `@xmpp/component-core` asks for one that is written to and emits `start`, `element` and
 * `end`. Ours reads with saxes, strictly; the one it brings takes what is no XML and loses text after CDATA
 * (see docs/decisions/0008-saxes-reads-xml.md).
 */
import { EventEmitter } from "node:events";
import type { Element } from "ltx";
import type { Limits } from "#core/limits.ts";
import { makeElementReader } from "#core/xmpp/element-reader.ts";

export interface StreamParser extends EventEmitter {
  /** @throws XmlFault; the next piece is read all the same */
  write(text: string): void;
}

/** Is written to a whole piece at a time: the stream's opening tag, elements, its closing tag. */
export function makeStreamParser({ stanzaDepthMax }: Pick<Limits, "stanzaDepthMax">): StreamParser {
  const emitter = new EventEmitter();
  const begin = (onOpen?: (root: Element) => void) =>
    makeElementReader({
      level: 1,
      depthMax: stanzaDepthMax,
      ...(onOpen && { onOpen }),
      onElement: (element) => emitter.emit("element", element),
      onClose: () => emitter.emit("end"),
    });
  let reader = begin((root) => emitter.emit("start", root));
  let opening = "";
  const write = (text: string) => {
    try {
      reader.write(text);
    } catch (error) {
      // It can read nothing more; another one goes on inside the same stream.
      reader = begin();
      reader.write(opening);
      throw error;
    }
    opening ||= text;
  };
  return Object.assign(emitter, { write });
}

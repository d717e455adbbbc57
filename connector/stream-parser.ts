/**
 * The component's parser: `@xmpp/component-core` asks for one that is written to and emits `start`, `element` and
 * `end`. Ours reads with saxes, strictly; the one it brings takes what is no XML and loses text after CDATA
 * (see docs/decisions/0008-saxes-reads-xml.md).
 */
import { EventEmitter } from "node:events";
import type { Limits } from "#core/limits.ts";
import { makeElementReader } from "#core/xmpp/element-reader.ts";

export interface StreamParser extends EventEmitter {
  /** @throws XmlFault */
  write(text: string): void;
}

export function makeStreamParser({ stanzaDepthMax }: Pick<Limits, "stanzaDepthMax">): StreamParser {
  const emitter = new EventEmitter();
  const reader = makeElementReader({
    level: 1,
    depthMax: stanzaDepthMax,
    onOpen: (root) => emitter.emit("start", root),
    onElement: (element) => emitter.emit("element", element),
    onClose: () => emitter.emit("end"),
  });
  return Object.assign(emitter, { write: reader.write });
}

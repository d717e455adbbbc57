/**
 * Strict XML in, ltx elements out: saxes refuses what makes an XMPP server close a stream (ltx's own parsers take
 * most of it), and the restrictions of RFC 6120 §11 are added here.
 */
import { Element } from "ltx";
import { SaxesParser, type SaxesTagNS } from "saxes";

/** Why the text is no XML that XMPP allows. Its message never quotes the text. */
export class XmlFault extends Error {
  override readonly name = "XmlFault";
}

export interface ElementReaderOptions {
  /** 0: the text is one element. 1: it is a stream, whose root stays open around its elements. */
  readonly level: 0 | 1;
  /** Deepest nesting inside an element that is read. */
  readonly depthMax: number;
  /** The stream's root has been opened. */
  readonly onOpen?: (root: Element) => void;
  /** An element of the level is complete. */
  readonly onElement: (element: Element) => void;
  /** The stream's root has been closed. */
  readonly onClose?: () => void;
}

export interface ElementReader {
  /** Reads on. @throws XmlFault, after which nothing more can be read */
  write(text: string): void;
  /** The text is whole; at level 0 the next one may follow. @throws XmlFault when something is still open */
  end(): void;
}

function toElement(tag: SaxesTagNS): Element {
  const element = new Element(tag.name);
  for (const name of Object.keys(tag.attributes)) element.attrs[name] = tag.attributes[name]?.value;
  return element;
}

/**
 * `on` keeps a handler under a computed name. So many new ones would make V8 keep the whole parser as a hash table, in
 * which reading takes six times as long; where the properties are there already, it does not.
 */
function makeRoomForHandlers(parser: SaxesParser<{ xmlns: true }>): void {
  parser["errorHandler"] = undefined;
  parser["commentHandler"] = undefined;
  parser["doctypeHandler"] = undefined;
  parser["piHandler"] = undefined;
  parser["xmldeclHandler"] = undefined;
  parser["textHandler"] = undefined;
  parser["cdataHandler"] = undefined;
  parser["openTagHandler"] = undefined;
  parser["closeTagHandler"] = undefined;
}

export function makeElementReader(options: ElementReaderOptions): ElementReader {
  const { level, depthMax } = options;
  const parser = new SaxesParser({ xmlns: true, position: false });
  makeRoomForHandlers(parser);
  let root: Element | undefined;
  let current: Element | undefined;
  let depth = 0;

  const refuse = (what: string) => () => {
    throw new XmlFault(what);
  };
  const addText = (text: string) => {
    // Between the elements of a stream there may be white space only (RFC 6120 §4.6.1); it is nobody's.
    if (current !== undefined && current !== root) current.t(text);
    else if (/[^ \t\r\n]/.test(text)) throw new XmlFault("text between elements");
  };

  parser.on("error", refuse("not well-formed"));
  // RFC 6120 §11.1
  parser.on("comment", refuse("a comment"));
  parser.on("doctype", refuse("a document type declaration"));
  parser.on("processinginstruction", refuse("a processing instruction"));
  if (level === 0) parser.on("xmldecl", refuse("an XML declaration"));
  parser.on("text", addText);
  parser.on("cdata", addText);
  parser.on("opentag", (tag) => {
    depth += 1;
    if (depth - level > depthMax) throw new XmlFault(`elements nested deeper than ${depthMax}`);
    const element = toElement(tag);
    if (depth > level + 1) current?.append(element);
    if (level === 1 && depth === 1) {
      root = element;
      options.onOpen?.(element);
    } else if (depth === level + 1 && root !== undefined) {
      // As a child of the stream it inherits the stream's namespace; it is no child that the stream keeps.
      element.parent = root;
    }
    current = element;
  });
  parser.on("closetag", () => {
    depth -= 1;
    const closed = current;
    current = (closed?.parent as Element | undefined) ?? undefined;
    if (depth === level && closed !== undefined) options.onElement(closed);
    else if (depth < level) options.onClose?.();
  });

  return {
    write(text) {
      parser.write(text);
    },
    end() {
      parser.close();
    },
  };
}

/** Whether a text is well-formed XML, whatever its namespaces are: two things, as RFC 6120 §11.3 says. */
export function isWellFormed(xml: string): boolean {
  let isFine = true;
  const parser = new SaxesParser({ xmlns: false });
  parser.on("error", () => {
    isFine = false;
  });
  parser.write(xml).close();
  return isFine;
}

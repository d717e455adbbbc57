/** The part of ltx that we use; the package ships no types. */
declare module "ltx" {
  export type Node = Element | string;
  export class Element {
    constructor(name: string, attrs?: Readonly<Record<string, string | undefined>>);
    /** As written, with its prefix. */
    name: string;
    parent: Element | null;
    children: Node[];
    /** As written, with prefixes; `xmlns` declarations among them. */
    attrs: Record<string, string | undefined>;
    is(name: string, xmlns?: string): boolean;
    /** Without the prefix. */
    getName(): string;
    /** The element's namespace, inherited where it declares none. */
    getNS(): string | undefined;
    getChild(name: string, xmlns?: string): Element | undefined;
    getChildren(name: string, xmlns?: string): Element[];
    getChildElements(): Element[];
    /** The text directly inside, without that of children. */
    getText(): string;
    getChildText(name: string, xmlns?: string): string | null;
    c(name: string, attrs?: Readonly<Record<string, string | undefined>>): Element;
    cnode(child: Element): Element;
    t(text: string): this;
    append(...nodes: Node[]): void;
    remove(child: Element | string, xmlns?: string): this;
    toString(): string;
  }
  /** Lenient: accepts much that is no XML. For tests, which write their stanzas as text. */
  export function parse(xml: string): Element | null;
}

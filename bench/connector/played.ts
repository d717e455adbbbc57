/** What queues are played with, wherever they are. */

/** What is to be handed out: so many stanzas, all to one client. */
export interface Work {
  readonly stanzas: number;
  /** Stanzas in one message of the queue. */
  readonly inMessage: number;
  readonly to: string;
  readonly domain: string;
  readonly body: string;
}

export interface Played {
  readonly group: string;
  readonly stanzas: number;
  /** Those of the message, as they stand in its pack. */
  items(): Item[];
}

export type Item = ReturnType<typeof itemOf>;

const tellMs = 20;

const itemOf = (id: string, time: string, xml: string) => ({
  id,
  time,
  trace: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
  hops: 1,
  xml,
});

/** The messages of some work. */
export function messagesOf({ stanzas, inMessage, to, domain, body }: Work): Played[] {
  const time = new Date().toISOString();
  const item = (n: number) =>
    itemOf(
      `m${n}`,
      time,
      `<message from="user${n % 16}@${domain}" to="${to}" id="m${n}" type="chat"><body>${body}</body></message>`,
    );
  return Array.from({ length: Math.ceil(stanzas / inMessage) }, (_, index) => {
    const start = index * inMessage;
    const size = Math.min(inMessage, stanzas - start);
    const items = () => Array.from({ length: size }, (_, n) => item(start + n));
    return { group: `g${index}`, stanzas: size, items };
  });
}

/** What a pack of stanzas becomes when each goes back to where it came from. */
export function echoesOf(items: readonly { readonly seq: number; readonly xml: string }[]): Item[] {
  const time = new Date().toISOString();
  const swapped = (xml: string) =>
    xml.replace(/<message[^>]*>/, (head) =>
      head.replace(/ (from|to)=/g, (_, name) => (name === "from" ? " to=" : " from=")),
    );
  return items.map(({ seq, xml }) => itemOf(`e${seq}`, time, swapped(xml)));
}

/** Stanzas in a pack that nobody reads. */
export const countStanzas = (pack: string): number => pack.split(',"seq":').length - 1;

/** What tells the bench the counts, and does so again by itself whenever they have changed since. */
export function makeTeller(counts: object): () => void {
  let told = "";
  const tell = () => {
    const text = JSON.stringify(counts);
    if (text === told) return;
    told = text;
    process.send?.({ ...counts });
  };
  setInterval(() => told !== "" && tell(), tellMs);
  return tell;
}

/** What has become of messages that were numbered: pure, so that it can be shown to find every loss. */

/** A message has reached the other end. */
export interface Arrival {
  /** Which one of its pair it is, from 0; read from its text. */
  readonly sequence: number;
  /** What a receiver tells a repeat by. */
  readonly id: string;
  /** Whether a server had stored it meanwhile: that has an order of its own. */
  readonly stored: boolean;
}

/** All that was seen of the messages of one pair in one direction. */
export interface PairLog {
  /** Messages that were sent: 0 up to this. */
  readonly sent: number;
  /** Sent, but nobody has demonstrably taken them over: they may arrive or not. */
  readonly uncertain: ReadonlySet<number>;
  readonly arrivals: readonly Arrival[];
  /** The sender was told that it will not arrive. */
  readonly told: ReadonlySet<number>;
  /** Kept in dead letters. */
  readonly setAside: ReadonlySet<number>;
  /** Somebody wrote it to the link between connector and server. */
  readonly onLink: ReadonlySet<number>;
}

export interface Figures {
  readonly sent: number;
  /** Sent, and taken over. */
  readonly accepted: number;
  readonly arrived: number;
  /** Accepted; neither arrived, nor told, nor set aside. */
  readonly lost: number;
  /** Of those lost: nobody ever wrote it to the link, so that it went before it. */
  readonly lostBeforeLink: number;
  readonly told: number;
  readonly setAside: number;
  /** Arrived under a second id, so that no receiver can know. */
  readonly doubled: number;
  /** Arrived again under the same id. */
  readonly repeats: number;
  /** Arrived behind a later one of the pair, repeats aside. */
  readonly outOfOrder: number;
  /** Arrived, although the sender was told that it will not, or it is set aside as well. */
  readonly contradicted: number;
}

/** How many come behind one that is later. */
function countBehind(sequences: readonly number[]): number {
  let last = -1;
  let behind = 0;
  for (const sequence of sequences) {
    if (sequence < last) behind += 1;
    last = Math.max(last, sequence);
  }
  return behind;
}

function figuresOf({ sent, uncertain, arrivals, told, setAside, onLink }: PairLog): Figures {
  const first = new Map<number, Arrival>();
  const ids = new Map<number, Set<string>>();
  let repeats = 0;
  let doubled = 0;
  for (const arrival of arrivals) {
    const known = ids.get(arrival.sequence);
    if (known === undefined) {
      first.set(arrival.sequence, arrival);
      ids.set(arrival.sequence, new Set([arrival.id]));
    } else if (known.has(arrival.id)) repeats += 1;
    else {
      known.add(arrival.id);
      doubled += 1;
    }
  }
  const all = Array.from({ length: sent }, (_, sequence) => sequence);
  const count = (matches: (sequence: number) => boolean) => all.filter(matches).length;
  const order = (stored: boolean) =>
    countBehind([...first.values()].filter((each) => each.stored === stored).map((each) => each.sequence));
  const isKnown = (each: number) => first.has(each) || told.has(each) || setAside.has(each);
  const isLost = (each: number) => !uncertain.has(each) && !isKnown(each);
  return {
    sent,
    accepted: count((each) => !uncertain.has(each)),
    arrived: first.size,
    lost: count(isLost),
    lostBeforeLink: count((each) => isLost(each) && !onLink.has(each)),
    told: told.size,
    setAside: setAside.size,
    doubled,
    repeats,
    outOfOrder: order(false) + order(true),
    contradicted: count(
      (each) => Number(first.has(each)) + Number(told.has(each)) + Number(setAside.has(each)) > 1,
    ),
  };
}

const nothing: Figures = {
  sent: 0,
  accepted: 0,
  arrived: 0,
  lost: 0,
  lostBeforeLink: 0,
  told: 0,
  setAside: 0,
  doubled: 0,
  repeats: 0,
  outOfOrder: 0,
  contradicted: 0,
};

/** The sums over all pairs of one direction. */
export function account(pairs: readonly PairLog[]): Figures {
  const names = Object.keys(nothing) as (keyof Figures)[];
  return pairs.map(figuresOf).reduce<Figures>((sum, each) => {
    const added = names.map((name) => [name, sum[name] + each[name]]);
    return Object.fromEntries(added) as unknown as Figures;
  }, nothing);
}

/** What was seen of one run. */
export interface Seen {
  readonly inbound: Figures;
  readonly outbound: Figures;
  /** How long each other connector took to have the stream, in milliseconds. */
  readonly takeOverMs: readonly number[];
}

/** What may be seen of a run without breaking a promise. */
export interface Allowed {
  /** Inbound messages that may be lost. */
  readonly inboundLostMax: number;
  /** Whether clients may see a message again, under the same id. */
  readonly repeats: boolean;
  /** Whether inbound messages may be set aside. */
  readonly late: boolean;
  /** Whether servers may bounce what contacts write. */
  readonly bounces: boolean;
  /** How long another connector may take to have the stream, in milliseconds; without it no time is judged. */
  readonly takeOverMsMax?: number;
}

const inWords = (ms: number) => Math.round(ms).toLocaleString("en-US");

/** What is broken of the promises; nothing when all is well. */
export function judge({ inbound, outbound, takeOverMs }: Seen, allowed: Allowed): string[] {
  const { inboundLostMax, repeats, late, bounces, takeOverMsMax = Number.POSITIVE_INFINITY } = allowed;
  const broken = (count: number, text: string, max = 0) => (count > max ? [`${count} ${text}`] : []);
  const both = (figures: Figures, way: string) => [
    ...broken(figures.doubled, `${way} under a second id`),
    ...broken(figures.outOfOrder, `${way} out of order`),
    ...broken(figures.contradicted, `${way} arrived and told or set aside`),
  ];
  const slowestMs = Math.max(0, ...takeOverMs);
  return [
    ...broken(outbound.lost, "outbound lost"),
    ...broken(outbound.told, "outbound failed"),
    ...broken(outbound.setAside, "outbound set aside"),
    ...both(outbound, "outbound"),
    ...broken(repeats ? 0 : outbound.repeats, "outbound repeated"),
    ...broken(inbound.lost, `inbound lost, at most ${inboundLostMax}`, inboundLostMax),
    ...broken(bounces ? 0 : inbound.told, "inbound bounced"),
    ...broken(late ? 0 : inbound.setAside, "inbound set aside"),
    ...both(inbound, "inbound"),
    ...(slowestMs > takeOverMsMax
      ? [`take-over took ${inWords(slowestMs)} ms, at most ${inWords(takeOverMsMax)}`]
      : []),
  ];
}

/** Packing: items of a lane share an SQS message, messages of different lanes share a call. */
import { packOverheadBytes } from "#core/contract/envelope.ts";
import type { Limits } from "#core/limits.ts";

export interface Packable {
  /** Message group; undefined on a standard queue, where any item may share with any other. */
  readonly lane: string | undefined;
  /** ASCII, so its length is its size in bytes. */
  readonly encoded: string;
}

/** The items of one SQS message. */
export interface Pack<T extends Packable> {
  readonly lane: string | undefined;
  readonly items: readonly T[];
  /** Size of the message. */
  readonly bytes: number;
}

/** What one batch call already holds, so must leave room for. */
export interface Taken {
  readonly messages: number;
  readonly bytes: number;
  /** Lanes that may not have a further message in this call. */
  readonly lanes: ReadonlySet<string>;
}

type PackLimits = Pick<Limits, "packBytesMax" | "queueMessageBytesMax" | "queueBatchMax">;

interface OpenPack<T> {
  readonly lane: string | undefined;
  readonly items: T[];
  bytes: number;
}

/** The state of one call while it is being filled. */
function makeCall<T extends Packable>(taken: Taken, limits: PackLimits) {
  const packs: OpenPack<T>[] = [];
  /** The pack of each lane that still takes items. */
  const open = new Map<string | undefined, OpenPack<T>>();
  /** Lanes that this call can take no more of: what comes later must not overtake what stays. */
  const closed = new Set<string | undefined>(taken.lanes);
  let { bytes } = taken;

  const join = (pack: OpenPack<T>, item: T): boolean => {
    const more = item.encoded.length + 1;
    if (pack.bytes + more > limits.packBytesMax || bytes + more > limits.queueMessageBytesMax) return false;
    pack.items.push(item);
    pack.bytes += more;
    bytes += more;
    return true;
  };

  const begin = (item: T): boolean => {
    const size = packOverheadBytes + item.encoded.length;
    const messages = taken.messages + packs.length;
    if (messages >= limits.queueBatchMax) return false;
    if (messages > 0 && bytes + size > limits.queueMessageBytesMax) return false;
    const pack = { lane: item.lane, items: [item], bytes: size };
    packs.push(pack);
    open.set(item.lane, pack);
    bytes += size;
    return true;
  };

  /** Whether the call takes the item. */
  const take = (item: T): boolean => {
    if (closed.has(item.lane)) return false;
    const pack = open.get(item.lane);
    if (pack && join(pack, item)) return true;
    // Never two messages of one group in a call: a partial failure could turn their order.
    if ((pack === undefined || item.lane === undefined) && begin(item)) return true;
    closed.add(item.lane);
    return false;
  };
  return { packs, take };
}

/**
 * Fills one batch call from `pending`, in order. An item above `packBytesMax` gets a message of its own; one that
 * no message can hold (`queueMessageBytesMax`) must not be here.
 */
export function fillCall<T extends Packable>(
  pending: readonly T[],
  taken: Taken,
  limits: PackLimits,
): { readonly packs: readonly Pack<T>[]; readonly rest: T[] } {
  const call = makeCall<T>(taken, limits);
  const rest = pending.filter((item) => !call.take(item));
  return { packs: call.packs, rest };
}

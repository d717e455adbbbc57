/** What a fault may cost: pure, so that it can be shown to allow no more. */
import { limits } from "#core/limits.ts";
import type { ServerKind } from "#local/servers/server.ts";
import type { Allowed } from "./account.ts";
import type { Fault } from "./fault.ts";

/** What the bounds of a run grow with. */
export interface Struck {
  readonly server: ServerKind;
  readonly full: boolean;
  /** Messages a second, of both ways. */
  readonly ratePerS: number;
  readonly strokes: number;
  /** Inbound messages between server and connector at the strokes. */
  readonly underWay: number;
  /** Inbound messages that went into a dead network. */
  readonly swallowed: number;
  /** Inbound messages lost that the server never wrote to the link. */
  readonly lostBeforeLink: number;
}

/** ejabberd needs about a millisecond to end a stream (docs/decisions/0015); what it drops for longer is our doing. */
const endingMsMax = 100;

function inboundLostMaxOf({ inboundLoss }: Fault, struck: Struck): number {
  const { server, ratePerS, strokes, underWay, swallowed, lostBeforeLink } = struck;
  if (inboundLoss === "window") return strokes * limits.windowStanzasMax + underWay + swallowed;
  if (inboundLoss === "none" || server !== "ejabberd") return 0;
  const perStroke = Math.ceil(((ratePerS / 2) * endingMsMax) / 1000);
  return Math.min(lostBeforeLink, strokes * perStroke);
}

/** What a fault may cost that has struck like this. */
export function allowedBy(fault: Fault, struck: Struck): Allowed {
  const { inboundLoss, repeats, late = false, bounces = inboundLoss !== "none", takeOverMsMax } = fault;
  return {
    ...{ inboundLostMax: inboundLostMaxOf(fault, struck), repeats, late, bounces },
    // In the short form the machine is busy with other tests.
    ...(struck.full && takeOverMsMax !== undefined && { takeOverMsMax }),
  };
}

/** What does not come in at all, before it costs a place in the window or a call to a queue. */
import type { Element } from "ltx";
import type { Limits } from "#core/limits.ts";
import type { Rules } from "#core/policy.ts";
import type { Rates } from "#core/rates.ts";
import type { Sender } from "./classify.ts";
import { makeInboundRates } from "./inbound-rates.ts";
import type { Log } from "./log.ts";
import { makeRefusals, type RefusalReason } from "./refusals.ts";

export interface GateOptions {
  /** Prepared. */
  readonly domain: string;
  readonly rates: Rates;
  readonly limits: Limits;
  /** The policy as it stands. */
  readonly rules: () => Rules;
  readonly reply: (xml: string) => void;
  /** Called for each stanza that stays out. */
  readonly onRefused?: (reason: RefusalReason) => void;
  readonly log: Log;
}

export interface Gate {
  /**
   * Whether a stanza stays out; then all is done about it.
   *
   * @param stanza with its attributes at least; undefined where they cannot be read
   */
  refuses(stanza: Element | undefined, sender: Sender, bytes: number): boolean;
  end(): void;
}

/** Messages and requests want an answer where they are refused; errors and results are answers (RFC 6120 §8.3.1, §8.2.3). */
function kindOf(stanza: Element | undefined): "asks" | "tells" {
  if (stanza === undefined || stanza.getName() === "presence") return "tells";
  const { type } = stanza.attrs;
  return type === "error" || (stanza.getName() === "iq" && type === "result") ? "tells" : "asks";
}

export function makeGate(options: GateOptions): Gate {
  const rates = makeInboundRates(options.rates, options.limits);
  const refusals = makeRefusals(options);

  const reasonFor = (stanza: Element | undefined, sender: Sender, bytes: number, now: number) => {
    // Our own domain is no other's: a late barrier comes from it.
    if (sender.domain !== options.domain && options.rules().denies(sender.domain)) return "denied";
    return rates.count(sender, kindOf(stanza), bytes, now);
  };

  return {
    refuses(stanza, sender, bytes) {
      const now = performance.now();
      const reason = reasonFor(stanza, sender, bytes, now);
      if (reason === undefined) return false;
      options.onRefused?.(reason);
      refusals.refuse(stanza, sender.bare, reason, now);
      return true;
    },
    end: refusals.end,
  };
}

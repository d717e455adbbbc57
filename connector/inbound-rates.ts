/** Who sends too much (RFC 6120 §13.12): by bare JID, by domain, all together. */
import type { Limits } from "#core/limits.ts";
import type { Rates } from "#core/rates.ts";
import { takeTokens } from "#core/token-bucket.ts";
import { makeBuckets } from "./buckets.ts";
import type { Sender } from "./classify.ts";

export type Excess = "sender" | "domain" | "overall";

export interface InboundRates {
  /**
   * Counts a stanza that is let in, or says what it is too much for. What is refused counts nowhere: a flood that its
   * own sender's rate stops takes nothing from others.
   *
   * @param kind `asks`: a message or request, which wants an answer where it is refused; `tells`: all else
   * @param now milliseconds of a clock that never goes back
   */
  count(sender: Sender, kind: "asks" | "tells", bytes: number, now: number): Excess | undefined;
}

export function makeInboundRates(
  rates: Rates,
  limits: Pick<Limits, "rateStanzaBytes" | "rateBucketsMax">,
): InboundRates {
  const senders = makeBuckets(limits.rateBucketsMax);
  const domains = makeBuckets(limits.rateBucketsMax);
  let overallFullAt = Number.NEGATIVE_INFINITY;
  return {
    count({ bare, domain }, kind, bytes, now) {
      const cost = 1 + Math.floor(bytes / limits.rateStanzaBytes);
      const key = (address: string) => `${kind} ${address}`;
      const bySender = senders.look(key(bare), now, kind === "asks" ? rates.sender : rates.presence, cost);
      if (bySender === undefined) return "sender";
      const byDomain = domains.look(key(domain), now, rates.domain, cost);
      if (byDomain === undefined) return "domain";
      const overall = takeTokens(overallFullAt, now, rates.overall, cost);
      if (overall === undefined) return "overall";
      senders.take(bySender);
      domains.take(byDomain);
      overallFullAt = overall;
      return undefined;
    },
  };
}

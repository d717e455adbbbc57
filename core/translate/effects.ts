/** Gathers the effects of one decision under ids that a repeat of the cause repeats. */
import type { Element } from "ltx";
import { makeDelivery } from "../contract/delivery.ts";
import type { DeliveryData, DeliveryType } from "../contract/events.ts";
import type { Effect, StanzaEffect } from "../decision.ts";
import { serializeStanza } from "../xmpp/codec.ts";
import type { Context } from "./context.ts";

/** Deliveries about a pair; the domain goes with them where several are served. */
type PairDelivery = Exclude<
  DeliveryType,
  "roster.listed" | "event.rejected" | "bridge.connected" | "bridge.disconnected"
>;

/** What a delivery says besides its pair. */
export type Said<T extends PairDelivery> = Omit<DeliveryData<T>, "domain" | "user" | "contact">;

export interface EffectCollector {
  /** In the order in which they leave. */
  readonly list: readonly Effect[];
  stanza(
    stanza: Element,
    extra?: Pick<
      StanzaEffect,
      "written" | "expires" | "availability" | "afterwards" | "amongBroadcasts" | "parting" | "confirm"
    >,
  ): void;
  /** @param time when it happened; default: when the cause was read */
  deliver<T extends PairDelivery>(type: T, said: Said<T>, time?: string): void;
  /** Has the contact told the user's current presence by the one writer of that presence. */
  showPresence(probeId?: string): void;
}

export function collectEffects(ctx: Context): EffectCollector {
  const { pair, cause, severalDomains } = ctx;
  const list: Effect[] = [];
  let events = 0;
  // The first event has the id of its cause, the n-th extra one `.n` behind it.
  const nextEventId = () => {
    events += 1;
    return events === 1 ? cause.id : `${cause.id}.${events - 1}`;
  };
  return {
    list,
    stanza(stanza, extra = {}) {
      list.push({
        kind: "stanza",
        id: `${cause.id}/${list.length}`,
        xml: serializeStanza(stanza),
        ...extra,
      });
    },
    deliver(type, said, time = cause.time) {
      const { domain, user, contact } = pair;
      const origin = { id: nextEventId(), domain, domains: [domain], time, trace: cause.trace };
      const data = { ...(severalDomains ? { domain } : {}), user, contact, ...said };
      // The compiler cannot see that a pair and what is said besides make the data of `type` complete.
      const event = makeDelivery(type, origin, data as unknown as DeliveryData<typeof type>);
      list.push({ kind: "deliver", event });
    },
    showPresence(probeId) {
      const data = { ...pair, ...(probeId === undefined ? {} : { id: probeId }) };
      list.push({
        kind: "internal",
        event: {
          specversion: "1.0",
          id: `${cause.id}/${list.length}`,
          source: `causeway:${pair.domain}`,
          type: "internal.probed",
          time: cause.time,
          datacontenttype: "application/json",
          traceparent: cause.trace,
          data,
        },
      });
    },
  };
}

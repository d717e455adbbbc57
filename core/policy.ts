/** With whom users may have to do: an operator's policy for a component domain. */
import type { Element } from "ltx";

/** What somebody may do with whom a user has nothing to do: nothing, ask for a subscription, or write as well. */
export const strangersMay = ["nothing", "ask", "message"] as const;
export type StrangersMay = (typeof strangersMay)[number];

/** Domains stand for themselves and everything below them. */
export interface Policy {
  /** Where there is such a list, only these domains are allowed. */
  readonly allow?: readonly string[];
  /** Denied, also where the other list allows them. */
  readonly deny: readonly string[];
  readonly strangers: StrangersMay;
}

/** Without a policy everybody may do everything. */
export const openPolicy: Policy = { deny: [], strangers: "message" };

/** A policy as it is asked. */
export interface Rules {
  readonly strangers: StrangersMay;
  /** @param domain prepared */
  denies(domain: string): boolean;
}

/** Looks up a domain and those above it, so that long lists cost no more than short ones. */
export function rulesOf({ allow, deny, strangers }: Policy): Rules {
  const allowed = allow && new Set(allow);
  const denied = new Set(deny);
  return {
    strangers,
    denies(domain) {
      const above = withThoseAbove(domain);
      if (above.some((each) => denied.has(each))) return true;
      return allowed !== undefined && !above.some((each) => allowed.has(each));
    },
  };
}

function withThoseAbove(domain: string): string[] {
  const labels = domain.split(".");
  return labels.map((_, index) => labels.slice(index).join("."));
}

/**
 * Whether a stanza of a stranger is looked at at all. Whatever else comes is answered, or passed over, as if the user
 * did not exist: so are IQs and probes of strangers anyway. An error says that something of ours came back.
 */
export function strangerMay(strangers: StrangersMay, stanza: Element): boolean {
  const { type } = stanza.attrs;
  if (strangers === "message" || type === "error") return true;
  switch (stanza.getName()) {
    case "message":
      return false;
    case "presence":
      // The rest withdraws something, or has no effect (RFC 6121 §A.3).
      if (type === undefined) return false;
      return type !== "subscribe" || strangers === "ask";
    default:
      return true;
  }
}

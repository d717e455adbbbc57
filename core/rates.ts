/** How much may come in (RFC 6120 §13.12), and what a deployment declares of it. */
import * as v from "valibot";
import { type Limits, limits } from "./limits.ts";
import { err, ok, type Result } from "./result.ts";
import type { Rate } from "./token-bucket.ts";

const names = ["sender", "presence", "domain", "overall"] as const;
export type RateName = (typeof names)[number];
export type Rates = Readonly<Record<RateName, Rate>>;
/** What differs from the defaults. */
export type DeclaredRates = Readonly<Partial<Record<RateName, Rate>>>;

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));
const rate = v.optional(v.strictObject({ perS: positive, burst: positive }));
const schema = v.strictObject({ sender: rate, presence: rate, domain: rate, overall: rate });
const form = '{"sender":{"perS":50,"burst":500}}, with whole numbers from 1';

/** Rates by the named limits. */
export function ratesOf(of: Limits): Rates {
  return {
    sender: { perS: of.rateSenderPerS, burst: of.rateSenderBurst },
    presence: { perS: of.ratePresencePerS, burst: of.ratePresenceBurst },
    domain: { perS: of.rateDomainPerS, burst: of.rateDomainBurst },
    overall: { perS: of.rateOverallPerS, burst: of.rateOverallBurst },
  };
}

/** Reads declared rates from JSON, with defaults for the rest. The error is meant to stand behind a name and a colon. */
export function parseRates(text: string): Result<Rates, string> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return err(`not JSON: set it to a JSON object like ${form}`);
  }
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (!parsed.success || Array.isArray(value)) {
    const [issue] = parsed.issues ?? [];
    const path = issue && v.getDotPath(issue);
    const wrong = issue?.expected === "never" ? "unknown" : JSON.stringify(issue ? issue.input : value);
    return err(
      `${path ?? "it"} is ${wrong ?? "missing"}: set it to an object of ${names.join(", ")}, each optional, like ${form}`,
    );
  }
  const { sender, presence, domain, overall } = parsed.output;
  const usual = ratesOf(limits);
  return ok({
    sender: sender ?? usual.sender,
    presence: presence ?? usual.presence,
    domain: domain ?? usual.domain,
    overall: overall ?? usual.overall,
  });
}

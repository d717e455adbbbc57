/** What becomes of stanzas that do not come in: few are answered, all are counted, none has a log line of its own. */
import type { Element } from "ltx";
import type { Limits } from "#core/limits.ts";
import { takeTokens } from "#core/token-bucket.ts";
import { errorAnswer } from "#core/translate/reply.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import type { Condition, ErrorType } from "#core/xmpp/error.ts";
import type { Excess } from "./inbound-rates.ts";
import type { Log } from "./log.ts";

export type RefusalReason = Excess | "denied";

export interface Refusals {
  /** Counts a refused stanza, and tells its sender where that is due. */
  refuse(stanza: Element | undefined, bare: string, reason: RefusalReason, now: number): void;
  /** Logs what was not logged yet. */
  end(): void;
}

interface Answer {
  readonly condition: Condition;
  readonly type: ErrorType;
  readonly text: string;
}

const tooMuch = "Too many stanzas: wait a few seconds.";

const answers: Readonly<Record<RefusalReason, Answer>> = {
  // RFC 6120 §8.3.3.12: of type wait, since the policy has nothing against a later one.
  sender: { condition: "policy-violation", type: "wait", text: tooMuch },
  domain: { condition: "policy-violation", type: "wait", text: tooMuch },
  // RFC 6120 §8.3.3.17
  overall: { condition: "resource-constraint", type: "wait", text: tooMuch },
  // RFC 6120 §8.3.3.10, which names blacklisted domains
  denied: { condition: "not-allowed", type: "cancel", text: "Your domain is not served here." },
};

/**
 * Messages and requests. What is an answer itself has none (RFC 6120 §8.3.1, §8.2.3); RFC 6121 §8.5 passes over
 * headlines, too.
 */
function wantsAnswer(stanza: Element): boolean {
  const { type } = stanza.attrs;
  if (stanza.getName() === "message") return type !== "error" && type !== "headline";
  return stanza.getName() === "iq" && type !== "error" && type !== "result";
}

/** How often a sender was told of one reason. */
interface Told {
  readonly until: number;
  message: number;
  iq: number;
}

const none: Readonly<Record<RefusalReason, number>> = { sender: 0, domain: 0, overall: 0, denied: 0 };

/**
 * @param options.reply writes an error; nobody waits for it
 */
export function makeRefusals(options: {
  readonly limits: Limits;
  readonly reply: (xml: string) => void;
  readonly log: Log;
}): Refusals {
  const { limits, reply, log } = options;
  const { refusalIntervalMs } = limits;
  const answerRate = { perS: limits.refusalAnswersPerS, burst: limits.refusalAnswersBurst };
  const answersMax: Readonly<Record<string, number>> = { message: 1, iq: limits.refusedIqAnswersMax };
  /** In the order of their ends. Each had an answer, so that the rate of answers bounds their number. */
  const told = new Map<string, Told>();
  let answersFullAt = Number.NEGATIVE_INFINITY;
  let counts = { ...none };
  let answered = 0;
  /** The only one who can have more than half of the refusals (Boyer and Moore's vote), and how many are surely theirs. */
  let mostly = { bare: "", lead: 0, own: 0 };
  let timer: NodeJS.Timeout | undefined;

  const report = () => {
    clearTimeout(timer);
    timer = undefined;
    const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
    // The vote alone names somebody in any case: whoever reads it must not deny the innocent.
    const isProven = 2 * mostly.own > all;
    log("warn", "inbound.refused", { ...counts, answered, mostly: isProven ? mostly.bare : "" });
    counts = { ...none };
    answered = 0;
    mostly = { bare: "", lead: 0, own: 0 };
  };

  const vote = (bare: string) => {
    if (mostly.bare === bare) mostly = { bare, lead: mostly.lead + 1, own: mostly.own + 1 };
    else if (mostly.lead === 0) mostly = { bare, lead: 1, own: 1 };
    else mostly.lead -= 1;
  };

  const forgetOld = (now: number) => {
    for (const [key, { until }] of told) {
      if (until > now) return;
      told.delete(key);
    }
  };

  /** Whether this answer is due, which counts it. */
  const isDue = (name: string, key: string, now: number): boolean => {
    forgetOld(now);
    const before = told.get(key) ?? { until: now + refusalIntervalMs, message: 0, iq: 0 };
    const kind = name === "iq" ? "iq" : "message";
    if (before[kind] >= (answersMax[kind] ?? 0)) return false;
    const next = takeTokens(answersFullAt, now, answerRate, 1);
    if (next === undefined) return false;
    answersFullAt = next;
    before[kind] += 1;
    told.set(key, before);
    return true;
  };

  const tell = (stanza: Element, bare: string, reason: RefusalReason, now: number) => {
    if (!wantsAnswer(stanza) || !isDue(stanza.getName(), `${reason} ${bare}`, now)) return;
    const { condition, type, text } = answers[reason];
    const answer = errorAnswer(stanza, condition, text, type);
    if (answer === undefined) return;
    answered += 1;
    reply(serializeStanza(answer));
  };

  return {
    refuse(stanza, bare, reason, now) {
      counts[reason] += 1;
      vote(bare);
      if (stanza !== undefined) tell(stanza, bare, reason, now);
      timer ??= setTimeout(report, refusalIntervalMs).unref();
    },
    end() {
      if (timer !== undefined) report();
    },
  };
}

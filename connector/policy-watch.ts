/** The policy of a domain as the connector knows it: read again and again, so that a change needs no restart. */
import type { Table } from "#aws/table.ts";
import type { Limits } from "#core/limits.ts";
import { openPolicy, type Rules, rulesOf } from "#core/policy.ts";
import { type Log, nameOfError } from "./log.ts";
import { pause } from "./pause.ts";

export interface PolicyWatch {
  start(): void;
  /** What was read last; before that, and without a policy, everything is allowed. The functions look again. */
  rules(): Rules;
}

/** @param options.signal ends it */
export function makePolicyWatch(options: {
  readonly domain: string;
  readonly table: Pick<Table, "readPolicy">;
  readonly limits: Pick<Limits, "policyReadMs">;
  readonly log: Log;
  readonly signal: AbortSignal;
}): PolicyWatch {
  const { domain, table, limits, log, signal } = options;
  let rules = rulesOf(openPolicy);
  let isFailing = false;

  const readOnce = async () => {
    try {
      rules = rulesOf(await table.readPolicy(domain));
      if (isFailing) log("info", "policy.read");
      isFailing = false;
    } catch (error) {
      // What was read last holds on.
      if (!isFailing) log("warn", "policy.unread", { reason: nameOfError(error) });
      isFailing = true;
    }
  };

  const run = async () => {
    while (!signal.aborted) {
      await readOnce();
      await pause(limits.policyReadMs, signal);
    }
  };

  return {
    start() {
      void run();
    },
    rules: () => rules,
  };
}

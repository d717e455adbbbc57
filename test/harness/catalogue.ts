/** Faults of the catalogue (`npm run faults`) in short: fewer messages, fewer and shorter strokes. */
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { catalogue } from "#bench/faults/catalogue.ts";
import { type Outcome, runFault } from "#bench/faults/run.ts";
import { type ServerKind, serverKinds } from "#local/servers/server.ts";
import { keep, seed } from "./env.ts";

const pairs = 40;
/** 800 messages last eight seconds. */
const messages = 800;
const ratePerS = 100;
const timeoutMs = 240_000;

/** Defines a test for each of these faults on each of these servers, in which no promise may be broken. */
export function testFaults(
  names: readonly string[],
  check: (outcome: Outcome, t: TestContext) => void = () => {},
  servers: readonly ServerKind[] = serverKinds,
): void {
  for (const name of names) {
    const fault = catalogue.find((each) => each.name === name);
    assert.ok(fault, `the catalogue has no ${name}`);
    const skip = fault.impossible?.() ?? false;
    for (const server of servers) {
      test(`${name} (${server}): ${fault.summary}`, { timeout: timeoutMs, skip }, async (t) => {
        const log = (line: string) => t.diagnostic(line);
        const settings = { fault, server, messages, pairs, ratePerS, seed, keep, log };
        const outcome = await runFault({ ...settings, full: false, signal: t.signal });
        const { inbound, outbound, inboundLostMax, gapMs, takeOverMs, takeOverMsMax } = outcome;
        const times = { gapMs, takeOverMs, takeOverMsMax };
        t.diagnostic(JSON.stringify({ seed, inbound, outbound, inboundLostMax, ...times }));
        assert.deepEqual(outcome.broken, []);
        // Else it has shown nothing.
        assert.equal(inbound.sent, messages / 2);
        assert.equal(outbound.accepted, messages / 2);
        assert.ok(inbound.accepted > 0 && inbound.arrived > 0);
        check(outcome, t);
      });
    }
  }
}

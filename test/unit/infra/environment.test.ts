import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { readConnectorEnv } from "#aws/connector-env.ts";
import { readFunctionEnv } from "#aws/env.ts";
import { type QueueName, type QueueRef, queueRefsOf } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { type EnvironmentSource, environmentOf, queueUseOf } from "#infra/definitions/environment.ts";
import { functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { deadLetterNameOf, perQueue, physicalNameOf } from "#infra/definitions/queues.ts";

const source: EnvironmentSource = {
  urls: perQueue(physicalNameOf),
  deadLetterUrls: perQueue(deadLetterNameOf),
  table: "causeway",
  domains: ["im.example.com", "im.example.org"],
  directory: "open",
  lanes: 4,
  capabilities: { receipts: "off" },
};

/** Of each queue what it is called, and what that of the second domain is called where it has one of its own. */
function withOwn(queues: readonly QueueName[], nameOf: (queue: QueueRef) => string) {
  const refs = queues.flatMap((queue) => queueRefsOf(queue, source.domains));
  return Object.fromEntries(refs.map((ref) => [ref, nameOf(ref)]));
}

describe("the environment that definitions give", () => {
  for (const name of functionNames) {
    test(`lets ${name} find its queues, its dead letters and nothing else`, () => {
      const { queue, sends } = functionDefinitions[name];
      const env = readFunctionEnv([queue, ...sends], environmentOf(name, source));
      assert.ok(env.ok);
      const { queues } = queueUseOf(name);
      assert.deepEqual(env.value.urls, withOwn(queues, physicalNameOf));
      assert.deepEqual(env.value.deadLetterUrls, { [queue]: source.deadLetterUrls[queue] });
      assert.deepEqual(env.value.domains, source.domains);
      assert.equal(env.value.directory, "open");
      assert.equal(env.value.capabilities.receipts, "off");
    });
  }

  test("names each part for its traces, where these go, and how many there are", () => {
    const traced = (name: "connector" | "iq", traces: EnvironmentSource["traces"]) =>
      readFunctionEnv([], environmentOf(name, { ...source, traces }));
    const iq = traced("iq", {});
    assert.ok(iq.ok);
    assert.deepEqual(iq.value.traces, {
      ratio: limits.traceRatio,
      service: "causeway-iq",
      target: { kind: "cloudwatch", region: "us-east-1" },
    });
    const connector = traced("connector", { collector: "http://127.0.0.1:4318", ratio: 1 });
    assert.ok(connector.ok);
    assert.deepEqual(connector.value.traces, {
      ratio: 1,
      service: "causeway-connector",
      target: { kind: "collector", url: "http://127.0.0.1:4318/v1/traces" },
    });
  });

  test("is all that the connector asks for, but for its XMPP server and secret", () => {
    const env = readConnectorEnv({
      ...environmentOf("connector", source),
      CAUSEWAY_XMPP_SERVICE: "xmpp://xmpp.example.com:5347",
      CAUSEWAY_XMPP_SECRET: "secret",
    });
    assert.ok(env.ok);
    assert.equal(env.value.lanes, 4);
    assert.equal(env.value.leased, false);
    assert.deepEqual(
      env.value.connections.map(({ domain }) => domain),
      source.domains,
    );
    const { queues, deadLetters } = queueUseOf("connector");
    assert.deepEqual(env.value.urls, withOwn(queues, physicalNameOf));
    assert.deepEqual(env.value.deadLetterUrls, withOwn(deadLetters, deadLetterNameOf));
    assert.equal(env.value.urls["nativeEvents"], undefined);
  });
});

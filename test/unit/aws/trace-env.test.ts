import assert from "node:assert/strict";
import { test } from "node:test";
import { readFunctionEnv } from "#aws/env.ts";
import { limits } from "#core/limits.ts";

const base = { CAUSEWAY_TABLE: "causeway", CAUSEWAY_DOMAINS: "im.example.com", AWS_REGION: "eu-west-1" };

function read(env: Readonly<Record<string, string>>) {
  const parsed = readFunctionEnv([], { ...base, ...env });
  assert.ok(parsed.ok, JSON.stringify(parsed));
  return parsed.value.traces;
}

test("without a word nothing is recorded, also where Lambda names its daemon", () => {
  const nowhere = { ratio: limits.traceRatio, service: "causeway", target: { kind: "nowhere" } };
  assert.deepEqual(read({}), nowhere);
  assert.deepEqual(read({ AWS_XRAY_DAEMON_ADDRESS: "169.254.79.129:2000" }), nowhere);
});

test("to AWS: by the daemon where there is one, else to CloudWatch itself", () => {
  const aws = { CAUSEWAY_TRACES: "aws", CAUSEWAY_TRACE_RATIO: "0.5", OTEL_SERVICE_NAME: "causeway-iq" };
  assert.deepEqual(read(aws), {
    ratio: 0.5,
    service: "causeway-iq",
    target: { kind: "cloudwatch", region: "eu-west-1" },
  });
  for (const [address, host, port] of [
    ["169.254.79.129:2000", "169.254.79.129", 2000],
    ["tcp:127.0.0.1:2000 udp:127.0.0.2:2001", "127.0.0.2", 2001],
  ] as const) {
    const { target } = read({ ...aws, AWS_XRAY_DAEMON_ADDRESS: address });
    assert.deepEqual(target, { kind: "daemon", host, port });
  }
});

test("a collector goes before AWS, and the path of traces is added to its address", () => {
  for (const base of ["http://127.0.0.1:4318", "http://127.0.0.1:4318/"]) {
    const { target } = read({ CAUSEWAY_TRACES: "aws", OTEL_EXPORTER_OTLP_ENDPOINT: base });
    assert.deepEqual(target, { kind: "collector", url: "http://127.0.0.1:4318/v1/traces" });
  }
});

for (const [name, value, fix] of [
  ["CAUSEWAY_TRACES", "on", /"aws" to send traces to CloudWatch, else "off"/],
  ["CAUSEWAY_TRACE_RATIO", "5", /0 to 1, like 0\.05/],
  ["CAUSEWAY_TRACE_RATIO", "5%", /0 to 1, like 0\.05/],
  ["OTEL_EXPORTER_OTLP_ENDPOINT", "127.0.0.1:4318", /like http:\/\/127\.0\.0\.1:4318/],
] as const) {
  test(`${name}=${value} is refused with what it should be`, () => {
    const parsed = readFunctionEnv([], { ...base, [name]: value });
    assert.ok(!parsed.ok);
    assert.ok(parsed.error.startsWith(`${name} is "${value}": set it to `));
    assert.match(parsed.error, fix);
  });
}

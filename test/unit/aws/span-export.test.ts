import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { test } from "node:test";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { SendSpans } from "#aws/span-buffer.ts";
import { sendByHttp, sendToCloudWatch, sendToDaemon } from "#aws/span-export.ts";
import { makeTracer } from "#aws/tracer.ts";
import { limits } from "#core/limits.ts";
import { type CollectedSpan, startCollector } from "#local/traces/collector.ts";

/** Sends `count` spans with all that a span may have; resolves with why some were dropped. */
async function send(count: number, by: SendSpans): Promise<string[]> {
  const dropped: string[] = [];
  const tracer = makeTracer({
    ratio: 1,
    service: "causeway-test",
    sendMsMax: 5_000,
    send: by,
    onDropped: (_, reason) => dropped.push(reason),
  });
  const root = tracer.record("root", () => ({ id: "r", count: 3, ok: true }));
  for (let i = 1; i < count; i++) {
    const id = `${i}`.padEnd(limits.traceValueCharsMax, "x");
    const child = tracer.follow(`child ${i}`, root.trace, () => ({ id, queue: id, group: id, contact: id }), {
      link: () => root.trace,
    });
    child.event("written");
    child.fail("not-confirmed");
    child.end();
  }
  root.end();
  await tracer.flush();
  return dropped;
}

test("an OTLP collector gets them as they were", async () => {
  const spans: CollectedSpan[] = [];
  const collector = await startCollector((arrived) => spans.push(...arrived));
  const dropped = await send(2, sendByHttp(`${collector.endpoint}/v1/traces`));
  await collector.close();
  assert.deepEqual(dropped, []);
  const [child, root] = spans;
  assert.equal(root?.service, "causeway-test");
  assert.deepEqual(root?.fields, { id: "r", count: "3", ok: "true" });
  assert.equal(root?.parentSpanId, undefined);
  assert.equal(child?.parentSpanId, root?.spanId);
  assert.equal(child?.failed, "not-confirmed");
  assert.deepEqual(child?.links, [{ traceId: root?.traceId, spanId: root?.spanId }]);
  assert.deepEqual(
    child?.events.map(({ name }) => name),
    ["written"],
  );
});

test("what a collector refuses, or is not there to take, is dropped with a reason", async () => {
  const collector = await startCollector(() => assert.fail("wrong path"));
  assert.deepEqual(await send(1, sendByHttp(`${collector.endpoint}/elsewhere`)), ["RefusedByCollector"]);
  await collector.close();
  assert.deepEqual(await send(1, sendByHttp(`${collector.endpoint}/v1/traces`)), ["TypeError"]);
});

test("the daemon gets datagrams that fit, in its format", async () => {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const datagrams: Buffer[] = [];
  const wanted = 3;
  const all = new Promise<void>((resolve) => {
    socket.on("message", (datagram) => {
      datagrams.push(datagram);
      if (datagrams.length === wanted) resolve();
    });
  });
  const count = limits.traceDatagramSpansMax * (wanted - 1) + 1;
  assert.deepEqual(await send(count, sendToDaemon("127.0.0.1", socket.address().port)), []);
  await all;
  socket.close();
  const [head, ...bodies] = datagrams.flatMap((datagram) => {
    const [first = "", second = ""] = datagram.toString("latin1").split("\n");
    assert.equal(first, '{"format":"json","version":1}');
    assert.match(second, /^T1S[A-Za-z0-9+/]+=*$/);
    return Buffer.from(second.slice(3), "base64").toString("latin1");
  });
  // OTLP's protobuf: field 1 of the request, length-delimited.
  assert.equal(head?.charCodeAt(0), 0x0a);
  const names = [head, ...bodies].join("").match(/child \d+|root/g) ?? [];
  assert.equal(new Set(names).size, count);
});

test("the daemon gets nothing that comes after the time for it", async (t) => {
  const socket = createSocket("udp4");
  t.after(() => socket.close());
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const first = once(socket, "message");
  const toDaemon = sendToDaemon("127.0.0.1", socket.address().port);
  assert.deepEqual(await send(1, (spans) => toDaemon(spans, AbortSignal.abort())), ["AbortError"]);
  assert.deepEqual(await send(3, toDaemon), []);
  const [datagram] = (await first) as [Buffer];
  const bytes = Buffer.from(datagram.toString("latin1").split("T1S")[1] ?? "", "base64");
  assert.match(bytes.toString("latin1"), /child 2/);
});

test("CloudWatch gets a signed request", async (t) => {
  const requests: Request[] = [];
  t.mock.method(globalThis, "fetch", async (url: URL, init: RequestInit) => {
    requests.push(new Request(url, init));
    return new Response("{}");
  });
  const credentials = { accessKeyId: "AKIDEXAMPLE", secretAccessKey: "secret" };
  const client = new SQSClient({ region: "eu-west-1", credentials }).config;
  const signing = { region: "eu-west-1", credentials: client.credentials, sha256: client.sha256 };
  assert.deepEqual(await send(1, sendToCloudWatch(signing)), []);
  const [request] = requests;
  assert.equal(request?.url, "https://xray.eu-west-1.amazonaws.com/v1/traces");
  assert.match(
    request?.headers.get("authorization") ?? "",
    /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/xray\/aws4_request, SignedHeaders=content-type;host;x-amz-content-sha256;x-amz-date, Signature=[0-9a-f]{64}$/,
  );
});

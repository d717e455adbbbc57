/** Outbound order and completeness through lost streams, with a real queue engine that keeps groups closed. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { makeQueues } from "#aws/queues.ts";
import { type Peer, startComponentServer } from "#bench/component-server.ts";
import { makeConnector } from "#connector/connector.ts";
import { makeNoLease } from "#connector/lease.ts";
import { encodeItem, writePack } from "#core/contract/envelope.ts";
import { limits } from "#core/limits.ts";
import { openPolicy } from "#core/policy.ts";
import { sqsClientFor } from "#local/aws-clients.ts";
import { ensureQueues, startSqsEngine } from "#local/engines/sqs.ts";
import { freePort } from "#local/free-ports.ts";

const domain = "im.example.com";
const pairs = 20;
const perPair = 20;

const itemOf = (pair: number, number: number) =>
  writePack([
    encodeItem({
      id: `${pair}-${number}`,
      time: "2026-11-23T10:00:00Z",
      trace: "t",
      hops: 1,
      xml: `<message id="${pair}-${number}" from="u${pair}@${domain}" to="c${pair}@localhost"><body>x</body></message>`,
    }),
  ]);

test("streams that break again and again lose no message and turn no order", {
  timeout: 60_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-losses-"));
  const port = await freePort();
  const engine = await startSqsEngine({ port, folder, logFile: join(folder, "engine.log") });
  const endpoint = `http://127.0.0.1:${port}`;
  const client = sqsClientFor(endpoint);
  const queues = makeQueues({ client, ...(await ensureQueues(client, endpoint)) });
  const server = await startComponentServer({ domain, secret: "s" });
  const connector = makeConnector({
    domain,
    readSecret: async () => "s",
    service: server.service,
    lanes: 4,
    queues,
    table: { readPolicy: async () => openPolicy },
    lease: makeNoLease(domain, { takeFence: async () => server.connections() }),
    log: () => {},
    limits: { ...limits, backoffMsMin: 5, backoffMsMax: 10 },
  });
  t.after(async () => {
    await connector.stop();
    await server.close();
    await engine.stop(500);
    rmSync(folder, { recursive: true, force: true });
  });

  for (let number = 0; number < perPair; number += 1) {
    const round = Array.from({ length: pairs }, (_, pair) => ({
      body: itemOf(pair, number),
      group: `pair-${pair}`,
      dedup: `${pair}-${number}`,
    }));
    assert.deepEqual(await queues.send("outboundStanzas", round), []);
  }

  const arrivals: string[] = [];
  /** Takes stanzas until enough have come, then breaks: sometimes with what was written confirmed, sometimes not. */
  const serve = async (peer: Peer, breakAfter: number, confirms: boolean) => {
    peer.echo = confirms;
    const left = pairs * perPair - new Set(arrivals).size;
    for (let count = 0; count < Math.min(breakAfter, left); count += 1) await peer.expect(/^<message/);
    peer.socket.destroy();
    await peer.closed;
    for (const xml of peer.stanzas()) {
      const id = /^<message id="([^"]*)"/.exec(xml)?.[1];
      if (id !== undefined) arrivals.push(id);
    }
  };
  connector.start();
  for (let turn = 0; new Set(arrivals).size < pairs * perPair; turn += 1) {
    const confirms = turn % 3 !== 0;
    // Without confirmation no pair gets further than its first message.
    await serve(
      await server.accept(),
      confirms ? 7 + ((turn * 13) % 40) : 1 + (turn % (pairs - 5)),
      confirms,
    );
  }

  for (let pair = 0; pair < pairs; pair += 1) {
    const numbers = arrivals.flatMap((id) => (id.startsWith(`${pair}-`) ? [Number(id.split("-")[1])] : []));
    const firsts = [...new Set(numbers)];
    assert.deepEqual(
      firsts,
      Array.from({ length: perPair }, (_, number) => number),
    );
    // A repeat is the last one again, whose confirmation was lost; never one further back.
    for (const [index, number] of numbers.entries()) {
      assert.ok(number >= (numbers[index - 1] ?? 0), `pair ${pair}: ${numbers.join(" ")}`);
    }
  }
  assert.ok(server.connections() > 5, "streams were broken");
});

/** A connector that reaches real servers through TLS: neither has a TLS listener for components, so one stands in front. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, connect, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { createServer } from "node:tls";
import { makeConnector } from "#connector/connector.ts";
import { makeNoLease } from "#connector/lease.ts";
import { openPolicy } from "#core/policy.ts";
import { ensureCertificate } from "#local/servers/certificate.ts";
import { serverKinds } from "#local/servers/server.ts";
import { startXmppServer } from "#local/servers/start-server.ts";
import { freePort } from "#test/harness/ports.ts";
import { makeHandQueues } from "#test/unit/connector/hand-queues.ts";
import { itemsSent, outbound, removed } from "#test/unit/connector/support.ts";

const domain = "im.localhost";
const secret = "s3cret";
const text = "Grüße, 你好, 👩‍👩‍👧";

/** What an operator would put in front: ends TLS and passes on. */
async function startTlsEnd(componentPort: number, tls: { key: Buffer; cert: Buffer }) {
  const sockets = new Set<Socket>();
  const server = createServer(tls, (outer) => {
    const inner = connect(componentPort, "127.0.0.1");
    for (const socket of [outer, inner]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("error", () => {
        outer.destroy();
        inner.destroy();
      });
    }
    outer.pipe(inner).pipe(outer);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const close = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  return { port: (server.address() as AddressInfo).port, close };
}

for (const kind of serverKinds) {
  test(`${kind} behind TLS: what leaves is confirmed, and comes back whole`, {
    timeout: 60_000,
  }, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "causeway-tls-server-"));
    const [xmppPort, componentPort, httpPort] = [await freePort(), await freePort(), await freePort()];
    const server = await startXmppServer(kind, {
      folder: join(folder, kind),
      logFile: join(folder, "server.log"),
      domain: "localhost",
      accounts: [],
      componentDomains: [domain],
      secret,
      xmppPort,
      componentPort,
      httpPort,
    });
    const { keyFile, certificateFile } = await ensureCertificate(folder, "localhost");
    const end = await startTlsEnd(componentPort, {
      key: readFileSync(keyFile),
      cert: readFileSync(certificateFile),
    });
    const queues = makeHandQueues();
    const connector = makeConnector({
      domain,
      readSecret: async () => secret,
      service: `xmpps://localhost:${end.port}`,
      caFile: certificateFile,
      lanes: 8,
      queues,
      table: { readPolicy: async () => openPolicy },
      lease: makeNoLease(domain, { takeFence: async () => 1 }),
      log: () => {},
    });
    t.after(async () => {
      await connector.stop();
      end.close();
      await server.stop(5_000);
      rmSync(folder, { recursive: true, force: true });
    });

    connector.start();
    const numbers = Array.from({ length: 50 }, (_, index) => `m${index}`);
    const items = numbers.map((id) => ({
      xml: `<message type="chat" id="${id}" from="nina@${domain}" to="noah@${domain}"><body>${text} ${"x".repeat(2_000)}</body></message>`,
    }));
    queues.offer("outboundStanzas", [outbound("a", items)]);
    await queues.until(removed("a"));
    await queues.until((calls) => itemsSent(calls, "messageStanzas").length === numbers.length);
    const back = itemsSent(queues.calls, "messageStanzas").map(({ xml }) => xml);
    assert.deepEqual(
      back.map((xml) => / id="([^"]*)"/.exec(xml)?.[1]),
      numbers,
    );
    assert.ok(back.every((xml) => xml.includes(text)));
  });
}

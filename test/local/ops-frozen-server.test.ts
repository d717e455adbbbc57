/** The doctor in front of a server that takes connections and never says a word. */
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, test } from "node:test";
import { checkDomain } from "#local/ops/checks-domain.ts";

const domain = "im.localhost";
const sockets = new Set<Socket>();
const server = createServer((socket) => {
  sockets.add(socket.on("error", () => {}));
});
let at: string;

before(async () => {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  at = `127.0.0.1:${(server.address() as AddressInfo).port}`;
});
after(() => {
  for (const socket of sockets) socket.destroy();
  server.close();
});

for (const [scheme, name] of [
  ["xmpp", "secret"],
  ["xmpps", "certificate"],
] as const) {
  test(`its freeze is named where the service is ${scheme}`, async () => {
    const checks = await checkDomain({
      bridge: {
        who: "x",
        serviceOf: () => `${scheme}://${at}`,
        authoritiesOf: () => ({}),
        readSecret: async () => "s",
      },
      domain,
      views: [{ name: "c", domain, stream: "connecting" }],
      how: { connect: false, yes: false },
      screen: { env: {}, signal: new AbortController().signal },
    });
    const of = (wanted: string) => checks.find((check) => check.name === wanted);
    assert.equal(of("component port")?.level, "ok");
    assert.equal(of(name)?.level, "fail");
    assert.match(of(name)?.text ?? "", /takes connections and does not (speak XMPP|answer TLS)/);
    assert.match(of(name)?.fix ?? "", /look at its log and load, and restart it/);
  });
}

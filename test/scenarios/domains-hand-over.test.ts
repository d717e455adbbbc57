/** Two connectors that share two domains: each domain has one holder, and a planned stop hands both over. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { signal } from "#bench/faults/places.ts";
import { askConnector } from "#local/connector.ts";
import type { RunningConnector } from "#local/connectors.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { chat } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const domains = ["im.localhost", "chat.localhost"] as const;
const contact = "alice@localhost";
const rounds = 40;
const settledMsMax = 60_000;

onEachServer(
  "two connectors with two domains",
  (scenario) => {
    let alice: XmppUser;
    /** By domain, in their order. */
    const heard = new Map<string, string[]>(domains.map((domain) => [domain, []]));
    const delivered = new Map<string, string[]>(domains.map((domain) => [domain, []]));

    /** Which connector has the stream of a domain, when one has it and the other stands by. */
    async function holderOf(domain: string): Promise<RunningConnector> {
      let holder: RunningConnector | undefined;
      const isSettled = async () => {
        const views = await Promise.all(
          scenario.bridge.connectors.map(async (connector) => {
            const healths = await askConnector(connector.healthPort);
            return { connector, health: healths?.find((health) => health.domain === domain) };
          }),
        );
        const up = views.filter(({ health }) => health?.stream === "up");
        assert.ok(up.length <= 1, "two have the stream");
        holder = up[0]?.connector;
        const standby = views.find(({ health }) => health?.lease === "standby" && health.leaseFresh);
        return holder !== undefined && standby !== undefined;
      };
      await waitUntil(isSettled, { what: `holder of ${domain}`, timeoutMs: settledMsMax });
      assert.ok(holder);
      return holder;
    }

    before(async () => {
      alice = await scenario.login("alice");
      alice.onStanza((stanza) => {
        const [, domain = ""] = bareOf(stanza.attrs["from"]).split("@");
        if (stanza.attrs["type"] !== "error" && stanza.getChildText("body")) {
          heard.get(domain)?.push(stanza.attrs["id"] ?? "");
        }
      });
      scenario.native.onEvent(({ type, data }) => {
        if (type === "message.sent") delivered.get(String(data["domain"]))?.push(String(data["id"]));
      });
    });

    for (const turn of [1, 2]) {
      test(`SIGTERM hands both domains over, and loses nothing of either (${turn})`, async () => {
        const holder = await holderOf(domains[0]);
        await holderOf(domains[1]);
        const ids = Array.from({ length: rounds }, (_, index) => `t${turn}.${index}`);
        const before = scenario.log.length;
        for (const [index, id] of ids.entries()) {
          if (index === rounds / 4) signal(holder, "SIGTERM");
          await Promise.all(
            domains.flatMap((domain) => [
              scenario.native.emit({
                type: "message.sent",
                data: { domain, user: "nina", contact, id, body: id },
              }),
              alice.send(chat(`nina@${domain}`, id, id)),
            ]),
          );
        }
        for (const domain of domains) {
          const of = (all: readonly string[] | undefined) =>
            (all ?? []).filter((id) => id.startsWith(`t${turn}.`));
          await waitUntil(async () => of(heard.get(domain)).length >= rounds, {
            what: `messages of ${domain}`,
            timeoutMs: settledMsMax,
          });
          assert.deepEqual(of(heard.get(domain)), ids, `out of ${domain}, in order and once`);
          // What comes in while neither has the stream is bounced; what is taken in keeps its order, once.
          const inbound = of(delivered.get(domain));
          assert.deepEqual(
            inbound,
            ids.filter((id) => inbound.includes(id)),
            `into ${domain}`,
          );
          assert.notEqual((await holderOf(domain)).healthPort, holder.healthPort);
        }
        // Neither domain kept the process from ending in order.
        const ends = scenario.log.slice(before).filter((line) => /^connector\S* ended/.test(line));
        assert.equal(ends.length, 1);
        assert.match(ends[0] ?? "", /ended \(code 0\)/);
      });
    }
  },
  { connectors: 2, furtherDomains: [{ domain: domains[1] }], timeoutMs: 240_000 },
);

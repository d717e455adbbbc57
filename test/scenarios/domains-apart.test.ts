/** Two domains in one connector process at two servers of different kinds, one of which is away for a while. */
import assert from "node:assert/strict";
import { before, test } from "node:test";
import { limits } from "#core/limits.ts";
import { askConnector } from "#local/connector.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { untilUntouched } from "#test/harness/receives.ts";
import { chat } from "#test/harness/stanzas.ts";
import { bareOf, type XmppUser } from "#test/harness/xmpp.ts";

const here = { domain: "im.localhost", contact: "alice@localhost" };
const there = { domain: "chat.other.localhost", contact: "carol@other.localhost" };
const users = ["nina", "noah"] as const;
const perUser = 40;
/** A server needs a while to start, and the connector to look for it again. */
const backMsMax = limits.backoffMsMax + 60_000;

/** Bodies of the chat messages that an account gets, by user, in their order. */
function listen(account: XmppUser) {
  const heard = new Map<string, string[]>(users.map((user) => [user, []]));
  account.onStanza((stanza) => {
    const body = stanza.is("message") && stanza.getChildText("body");
    if (body) heard.get(bareOf(stanza.attrs["from"]).split("@")[0] ?? "")?.push(body);
  });
  return {
    heard,
    async until(count: number) {
      const isHeard = async () => [...heard.values()].every((bodies) => bodies.length >= count);
      await waitUntil(isHeard, { what: `${count} messages to each`, timeoutMs: backMsMax });
    },
  };
}

onEachServer(
  "two domains at two servers",
  (scenario) => {
    let alice: XmppUser;
    let carol: XmppUser;

    const say = ({ domain, contact }: typeof here, user: string, id: string) =>
      scenario.native.emit({ type: "message.sent", data: { domain, user, contact, id, body: id } });
    const streamOf = async (domain: string) => {
      const healthPort = scenario.bridge.connectors[0]?.healthPort ?? 0;
      const healths = await askConnector(healthPort);
      return healths?.find((health) => health.domain === domain);
    };
    const announced = (type: string, domain: string) =>
      scenario.native.next(
        (event) => event.type === type && event.data["domain"] === domain,
        `${type} of ${domain}`,
        backMsMax,
      );

    before(async () => {
      [alice, carol] = [await scenario.login("alice"), await scenario.elsewhere.login("carol")];
      await announced("bridge.connected", here.domain);
      await announced("bridge.connected", there.domain);
    });

    test("users of each domain reach their server", async () => {
      for (const [place, account] of [
        [here, alice],
        [there, carol],
      ] as const) {
        await say(place, "nina", "hello");
        assert.equal((await account.nextMessage(`nina@${place.domain}`)).getChildText("body"), "hello");
        await account.send(chat(`nina@${place.domain}`, "answer", "hello you"));
        const { data } = await scenario.native.nextOf("message.sent", "nina");
        assert.deepEqual([data["domain"], data["contact"]], [place.domain, place.contact]);
      }
    });

    test("while one server is away, the other's messages flow in order, and nothing of the one is received", async () => {
      const [toAlice, toCarol] = [listen(alice), listen(carol)];
      const fence = (await streamOf(here.domain))?.fence;
      await scenario.elsewhere.cut();
      await announced("bridge.disconnected", there.domain);
      const ids = Array.from({ length: perUser }, (_, index) => `m${index}`);
      for (const id of ids) {
        await Promise.all(users.flatMap((user) => [say(here, user, id), say(there, user, id)]));
      }
      await toAlice.until(perUser);
      for (const user of users) assert.deepEqual(toAlice.heard.get(user), ids);
      await scenario.operator.emptied("nativeEvents");

      const queueUrl = scenario.bridge.endpoints.furtherComponents?.[0]?.queues.outboundStanzas ?? "";
      let rounds = 0;
      await untilUntouched(scenario.bridge.endpoints, queueUrl, users.length, async (id) => {
        rounds += 1;
        await say(here, "nina", id);
        await alice.send(chat(`nina@${here.domain}`, id, id));
        const { data } = await scenario.native.nextOf("message.sent", "nina");
        assert.equal(data["id"], id);
        await waitUntil(async () => toAlice.heard.get("nina")?.at(-1) === id, {
          what: id,
          timeoutMs: backMsMax,
        });
      });
      const away = await streamOf(there.domain);
      assert.deepEqual([away?.stream === "up", away?.held], [false, 0]);
      // Not for a moment was the other's stream another.
      assert.equal((await streamOf(here.domain))?.fence, fence);

      await scenario.elsewhere.mend();
      await announced("bridge.connected", there.domain);
      await toCarol.until(perUser);
      for (const user of users) assert.deepEqual(toCarol.heard.get(user), ids, `${user}, each once`);
      assert.equal(toAlice.heard.get("nina")?.length, perUser + rounds, "nothing came twice");
      await scenario.operator.emptied(`outboundStanzas/${there.domain}`);
    });
  },
  {
    elsewhere: { domain: "other.localhost", componentDomain: there.domain, names: ["carol"] },
    timeoutMs: 280_000,
  },
);

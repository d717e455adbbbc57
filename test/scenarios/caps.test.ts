/** What users can do and what contacts' clients can: told and learned with real clients that do the same by themselves. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { makeTable } from "#aws/dynamodb-table.ts";
import type { CapsName, CapsRecord, Table } from "#aws/table.ts";
import { readCapabilities } from "#core/read-capabilities.ts";
import { element, ns } from "#core/xmpp/stanza.ts";
import { ghostCaps } from "#functions/ghost-caps.ts";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import { waitUntil } from "#local/wait-until.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { type SlixmppClient, type SlixmppEvent, startSlixmpp } from "#test/harness/slixmpp.ts";
import { iq, presence } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const nina = "nina@im.localhost";
const device = `${nina}/causeway`;
const capabilities = { edits: false, reactions: { allowed: ["👍", "❤️"], max: 1 } };
const correction = "urn:xmpp:message-correct:0";
const reactions = "urn:xmpp:reactions:0";
const learnedMsMax = 15_000;

function ghostVer(): string {
  const declared = readCapabilities(capabilities);
  assert.ok(declared.ok);
  return ghostCaps(declared.value).ver;
}

onEachServer(
  "capabilities",
  (scenario) => {
    let slixmpp: SlixmppClient;
    let bob: XmppUser;
    let table: Table;
    const stops: (() => void)[] = [];

    /** What is stored of a verification string, once the device that was asked has answered. */
    async function answered(caps: CapsName): Promise<CapsRecord["state"] | undefined> {
      let state: CapsRecord["state"] | undefined;
      const check = async () => {
        state = (await table.readCaps(caps))?.state;
        return state !== undefined && state.kind !== "asked";
      };
      await waitUntil(check, { what: "an answer about capabilities", timeoutMs: learnedMsMax });
      return state;
    }

    const nextCaps = (from: (jid: string) => boolean) =>
      slixmpp.inbox.next(
        (event: SlixmppEvent) => event.kind === "caps" && from(event.from ?? ""),
        "verified capabilities",
      );

    before(async () => {
      const { dynamodb, xmpp } = scenario.bridge.endpoints;
      const client = dynamodbClientFor(dynamodb.endpoint);
      stops.push(() => client.destroy());
      table = makeTable({ client, name: dynamodb.table });
      const { host, port } = xmpp;
      const { certificate } = scenario;
      slixmpp = await startSlixmpp({ jid: "alice@localhost", password: "alice", host, port, certificate });
      bob = await scenario.login("bob");
      await scenario.native.emit({ type: "presence.changed", data: { user: "nina", show: "online" } });
    });
    after(async () => {
      await slixmpp.stop();
      for (const stop of stops) stop();
    });

    test("a client finds what presence says of a user true, and sees what cannot be done", async () => {
      const contact = "alice@localhost";
      await scenario.native.emit({ type: "contact.requested", data: { user: "nina", contact } });
      const asks = ({ kind, type }: SlixmppEvent) => kind === "presence" && type === "subscribe";
      await slixmpp.inbox.next(asks, "nina's request");
      slixmpp.send({ kind: "presence", to: nina, type: "subscribed" });
      slixmpp.send({ kind: "presence", to: nina, type: "subscribe" });
      const { ver, features = [] } = await nextCaps((jid) => jid === device);
      assert.equal(ver, ghostVer());
      assert.ok(features.includes(reactions));
      assert.ok(features.includes("urn:xmpp:receipts"));
      assert.ok(!features.includes(correction));
    });

    test("what a client can do is learned by asking it once", async () => {
      const own = await nextCaps((jid) => jid.startsWith("alice@localhost/"));
      const caps = { hash: "sha-1", ver: own.ver ?? "" } as const;
      const state = await answered(caps);
      assert.equal(state?.kind, "known");
      for (const [feature, has] of Object.entries(state.features)) {
        assert.equal(has, own.features?.includes(feature) === true, feature);
      }
      // What is known is asked no more, and stays what it was.
      const before = await table.readCaps(caps);
      slixmpp.send({ kind: "presence", show: "away" });
      await scenario.native.next(({ data }) => data["show"] === "away", "presence of alice");
      assert.deepEqual(await table.readCaps(caps), before);
    });

    test("a client that cannot say what its capabilities are is unknown", async () => {
      await scenario.native.emit({ type: "contact.requested", data: { user: "nina", contact: bob.bare } });
      await bob.next(({ attrs }) => attrs["type"] === "subscribe", "nina's request");
      await bob.send(presence({ type: "subscribed", to: nina }));
      await scenario.native.nextOf("contact.accepted", "nina");
      const caps = {
        hash: "sha-1",
        node: "urn:example:silent",
        ver: "QgayPKawpkPSDYmwT/WM94uAlu0=",
      } as const;
      await bob.send(presence({}, element("c", { xmlns: ns.caps, ...caps })));
      assert.equal((await answered(caps))?.kind, "unknown");
    });

    test("restricted reactions are told to who asks", async () => {
      await bob.send(presence({ type: "subscribe", to: nina }));
      await bob.next(({ attrs }) => attrs["type"] === "subscribed", "nina's acceptance");
      const node = `urn:causeway#${ghostVer()}`;
      const answer = await bob.request(iq("get", device, element("query", { xmlns: ns.discoInfo, node })));
      const form = answer.getChild("query", ns.discoInfo)?.getChild("x", ns.dataForms);
      const fields = form?.getChildren("field").map((field) => {
        return [field.attrs["var"], ...field.getChildren("value").map((value) => value.getText())];
      });
      assert.deepEqual(fields, [
        ["FORM_TYPE", "urn:xmpp:reactions:0:restrictions"],
        ["max_reactions_per_user", "1"],
        ["allowlist", "👍", "❤️"],
      ]);
    });
  },
  { capabilities },
);

/**
 * Every row of RFC 6121 appendix A through the running bridge: what comes in, from either side, what is stored, and
 * what goes out on both. Each row has a user and a contact of its own, so that all of them run at once.
 */
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Pair } from "#core/decision.ts";
import { parseUserId } from "#core/mapping.ts";
import { noPair } from "#core/pair.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { onEachServer, type Scenario } from "#test/harness/bridge.ts";
import { type PlayedServer, playServer } from "#test/harness/played-server.ts";
import oracle from "../unit/core/rfc6121-subscription-states.json" with { type: "json" };

type StanzaType = "subscribe" | "unsubscribe" | "subscribed" | "unsubscribed";
type Direction = "inbound" | "outbound";

interface Row {
  readonly direction: Direction;
  readonly type: StanzaType;
  readonly state: string;
  readonly newState: string;
  /** Outbound: routed. Inbound: delivered. */
  readonly passes: boolean;
  readonly autoReply: string | undefined;
  readonly section: string;
  readonly user: string;
  readonly contact: string;
}

const types = ["subscribe", "unsubscribe", "subscribed", "unsubscribed"] as const;
const rows: readonly Row[] = types
  .flatMap((type) => [
    ...oracle.outbound[type].rows.map((row) => ({
      ...row,
      type,
      section: oracle.outbound[type].section,
      direction: "outbound" as const,
      passes: row.route === "MUST",
      autoReply: undefined,
    })),
    ...oracle.inbound[type].rows.map((row) => ({
      ...row,
      type,
      section: oracle.inbound[type].section,
      direction: "inbound" as const,
      passes: row.deliver === "MUST",
      autoReply: row.autoReply ?? undefined,
    })),
  ])
  .map((row, index) => ({ ...row, user: `user-${index}`, contact: `contact-${index}@example.net` }));

/** A state as the table stores it. */
const storedAs: Readonly<Record<string, string>> = {
  None: "none",
  "None + Pending Out": "none+out",
  "None + Pending In": "none+in",
  "None + Pending Out+In": "none+out+in",
  To: "to",
  "To + Pending In": "to+in",
  From: "from",
  "From + Pending Out": "from+out",
  Both: "both",
};

type Step = "asks" | "is asked" | "is let in" | "lets in";

/** How two strangers come to each state. */
const ways: Readonly<Record<string, readonly Step[]>> = {
  None: [],
  "None + Pending Out": ["asks"],
  "None + Pending In": ["is asked"],
  "None + Pending Out+In": ["asks", "is asked"],
  To: ["asks", "is let in"],
  "To + Pending In": ["asks", "is let in", "is asked"],
  From: ["is asked", "lets in"],
  "From + Pending Out": ["asks", "is asked", "lets in"],
  Both: ["asks", "is let in", "is asked", "lets in"],
};

function factsOf(name: string) {
  const state = oracle.states.find((one) => one.name === name);
  assert.ok(state, name);
  const { subscription, pendingIn, pendingOut } = state;
  const pending = pendingIn ? (pendingOut ? "both" : "in") : pendingOut ? "out" : "none";
  return { standing: { subscription, pending }, pendingIn, pendingOut, seen: /from|both/.test(subscription) };
}

/** The event that makes the user's server send the stanza of an outbound row. */
function eventOfRow({ type, state }: Row): readonly [type: string, data: object] {
  const { seen } = factsOf(state);
  switch (type) {
    case "subscribe":
      return ["contact.requested", { mutual: false }];
    case "unsubscribe":
      return ["contact.removed", { direction: "to" }];
    case "subscribed":
      return ["contact.accepted", { mutual: false }];
    case "unsubscribed":
      return seen ? ["contact.removed", { direction: "from" }] : ["contact.declined", {}];
  }
}

/** Types of the presences that the contact gets, in order; `available` and `unavailable` come from the full JID. */
function presencesOfRow({ direction, type, state, passes, autoReply }: Row): readonly string[] {
  const { seen } = factsOf(state);
  if (direction === "outbound") {
    if (!passes) return [];
    // RFC 6121 §3.1.5 and §3.2.2: what follows the one and precedes the other.
    if (type === "subscribed") return ["subscribed", "available"];
    return type === "unsubscribed" && seen ? ["unavailable", "unsubscribed"] : [type];
  }
  // Who was let in asks for the contact's presence.
  if (type === "subscribed" && passes) return ["probe"];
  if (autoReply === undefined) return [];
  if (autoReply === "subscribed") return ["subscribed", "available"];
  return seen ? ["unavailable", autoReply] : [autoReply];
}

/** Deliveries that a row makes. */
function deliveriesOfRow({ direction, type, state, newState, passes }: Row): readonly object[] {
  const { standing } = factsOf(newState);
  if (direction === "outbound") {
    // Design §4: an answer to a request that there is none of is refused.
    const answers = type === "subscribed" || (type === "unsubscribed" && !factsOf(state).seen);
    return answers && !passes ? [{ type: "event.rejected", reason: "no-request" }] : [];
  }
  if (!passes) return [];
  switch (type) {
    case "subscribe":
      return [{ type: "contact.requested", ...standing }];
    case "subscribed":
      return [{ type: "contact.accepted", ...standing }];
    case "unsubscribe":
      return [{ type: "contact.removed", direction: "from", ...standing }];
    case "unsubscribed":
      if (factsOf(state).pendingOut) return [{ type: "contact.declined", ...standing }];
      return [{ type: "contact.removed", direction: "to", ...standing }];
  }
}

/** One pair on both of its sides. */
function makeStage(scenario: Scenario, played: PlayedServer, { user, contact }: Row) {
  const ghost = `${user}@${played.domain}`;
  const emit = (type: string, data: object) =>
    scenario.native.emit({ type, data: { user, contact, ...data } });
  const says = (type: string, id = type) =>
    played.peer.write(`<presence from="${contact}" to="${ghost}" type="${type}" id="${id}"/>`);
  const hears = () => scenario.native.next(({ data }) => data["user"] === user, `delivery for ${user}`);

  /** What the contact gets before the stanza with an id. */
  async function presencesBefore(id: string): Promise<string[]> {
    const seen: string[] = [];
    for (;;) {
      const { name, attrs } = await played.nextTo(contact);
      if (attrs["id"] === id) return seen;
      const { type = "available", from } = attrs;
      assert.equal(name, "presence");
      assert.equal(from, type.endsWith("available") ? `${ghost}/causeway` : ghost);
      seen.push(type);
    }
  }

  async function deliveriesBefore(id: string): Promise<object[]> {
    const heard: object[] = [];
    for (;;) {
      const { type, data } = await hears();
      if (data["id"] === id) return heard;
      if (type === "event.rejected") {
        heard.push({ type, reason: data["reason"] });
        continue;
      }
      const { user: _, contact: from, ...said } = data;
      assert.equal(from, contact);
      heard.push({ type, ...said });
    }
  }

  const steps: Readonly<Record<Step, () => Promise<void>>> = {
    async asks() {
      await emit("contact.requested", { mutual: false });
      assert.equal((await played.nextTo(contact)).attrs["type"], "subscribe");
    },
    async "is asked"() {
      says("subscribe");
      assert.equal((await hears()).type, "contact.requested");
    },
    async "is let in"() {
      says("subscribed");
      assert.equal((await hears()).type, "contact.accepted");
      assert.equal((await played.nextTo(contact)).attrs["type"], "probe");
    },
    async "lets in"() {
      await emit("contact.accepted", { mutual: false });
      assert.equal((await played.nextTo(contact)).attrs["type"], "subscribed");
      assert.equal((await played.nextTo(contact)).attrs["type"], undefined);
    },
  };

  return {
    emit,
    says,
    /** To all who may see the user. */
    comesOnline: () => scenario.native.emit({ type: "presence.changed", data: { user, show: "online" } }),
    async reach(state: string) {
      for (const step of ways[state] ?? assert.fail(state)) await steps[step]();
    },
    /** Resolves with what came of everything until now, on both sides. */
    async outcome(direction: Direction) {
      // Of the same pair, so behind all that the row has sent, whether that was something or nothing.
      if (direction === "inbound") says("probe", "asked");
      const asked = direction === "inbound" ? await presencesBefore("asked") : [];
      await emit("message.sent", { id: "written", body: "Hello" });
      const presences = [...asked, ...(await presencesBefore("written"))];
      const refused = await emit("message.sent", { id: "no body" });
      return { presences, deliveries: await deliveriesBefore(refused.id) };
    },
  };
}

function pairOf({ user, contact }: Row, domain: string): Pair {
  const [id, jid] = [parseUserId(user), parseBareJid(contact)];
  assert.ok(id.ok && jid.ok);
  return { domain, user: id.value, contact: jid.value };
}

onEachServer(
  "RFC 6121 appendix A",
  (scenario) => {
    let played: PlayedServer;

    before(async () => {
      played = await playServer(scenario);
    });
    after(() => played.stop());

    test("there are 72 rows", () => assert.equal(rows.length, 72));

    describe("rows", { concurrency: rows.length, timeout: 60_000 }, () => {
      for (const row of rows) {
        const { direction, type, state, newState, section } = row;
        test(`§${section} ${direction} ${type} in ${state} leads to ${newState}`, async () => {
          const stage = makeStage(scenario, played, row);
          const pair = pairOf(row, played.domain);
          await stage.comesOnline();
          await stage.reach(state);
          const start = await played.table.readPair(pair);
          assert.equal(start?.state.state ?? "none", storedAs[state]);

          if (direction === "inbound") stage.says(type);
          else await stage.emit(...eventOfRow(row));
          const { presences, deliveries } = await stage.outcome(direction);

          assert.deepEqual(presences, presencesOfRow(row));
          assert.deepEqual(deliveries, deliveriesOfRow(row));
          const stored = await played.table.readPair(pair);
          assert.deepEqual(stored?.state ?? noPair, { state: storedAs[newState], preApproved: false });
          assert.deepEqual(stored?.outbox ?? [], []);
          const { contacts } = await played.table.subscribers(pair.domain, pair.user, undefined);
          assert.deepEqual(contacts, factsOf(newState).seen ? [pair.contact] : []);
        });
      }
    });
  },
  { servers: ["prosody"], users: rows.map(({ user }) => user) },
);

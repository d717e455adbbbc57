/** Two connectors of one bridge: which one has the stream, how long it takes to change, what flows meanwhile. */
import assert from "node:assert/strict";
import { setTimeout as delay } from "node:timers/promises";
import { readInboundPack } from "#core/contract/envelope.ts";
import type { Bridge } from "#local/bridge.ts";
import { askConnector } from "#local/connector.ts";
import type { RunningConnector } from "#local/connectors.ts";
import { waitUntil } from "#local/ports.ts";
import type { Scenario } from "./bridge.ts";
import {
  countEvents,
  countMessages,
  type Ledger,
  makeLedger,
  messageCount,
  parties,
  sent,
} from "./conversation.ts";
import { chat } from "./stanzas.ts";
import { bareOf, type XmppUser, xml } from "./xmpp.ts";

/** Milliseconds from one message of a pair to its next: 2,000 messages each way take twelve seconds. */
const roundMs = 300;

/** What has become of all messages of a run. */
export interface Flow {
  readonly outbound: Ledger;
  /** Events of the native side. */
  readonly delivered: Ledger;
  /** What the server gave back to its sender. */
  readonly bounced: Ledger;
  /** What was set aside as late. */
  readonly late: Ledger;
  /** All inbound messages that something has become of. */
  readonly settled: Ledger;
  /** Fences of the streams that late ones came by. */
  readonly lateFences: ReadonlySet<number>;
  /** Sends everything, at an even pace. */
  run(): Promise<void>;
  /** Resolves when something has become of each inbound message, of `lostMax` perhaps not. */
  inboundSettled(lostMax?: number): Promise<void>;
}

const settledMsMax = 60_000;

/** Counts everything from now on. */
export function makeFlow({ native, operator }: Scenario, accounts: readonly XmppUser[]): Flow {
  const outbound = makeLedger();
  const settled = makeLedger();
  const [delivered, bounced, late] = [makeLedger(settled), makeLedger(settled), makeLedger(settled)];
  const lateFences = new Set<number>();
  countEvents(native, delivered);
  for (const account of accounts) countMessages(account, outbound, bounced);

  const readLetters = () => {
    for (const { reason, body } of operator.deadLetters("messageStanzas").drain()) {
      assert.equal(reason, "late");
      const pack = readInboundPack(body ?? "");
      assert.ok(pack.ok, "a late stanza is kept whole, to be replayed");
      for (const item of pack.value.items) {
        const { from, to, id = "" } = xml(item.xml).attrs;
        late.take(bareOf(to).split("@")[0] ?? "", bareOf(from).split("@")[0] ?? "", id);
        lateFences.add(item.fence);
      }
    }
  };

  const sendRound = async (id: string) => {
    const events = parties.users.map(async (user) => {
      for (const { bare } of accounts) {
        await native.emit({ type: "message.sent", data: { user, contact: bare, id, body: `${user} ${id}` } });
      }
    });
    const stanzas = accounts.map(async (account) => {
      for (const user of parties.users) await account.send(chat(`${user}@im.localhost`, id, id));
    });
    await Promise.all([...events, ...stanzas]);
  };

  return {
    outbound,
    delivered,
    bounced,
    late,
    settled,
    lateFences,
    async run() {
      const begun = performance.now();
      for (const [round, id] of sent.entries()) {
        await delay(Math.max(0, begun + round * roundMs - performance.now()));
        await sendRound(id);
      }
    },
    async inboundSettled(lostMax = 0) {
      const isSettled = async () => {
        readLetters();
        return settled.count >= messageCount;
      };
      await waitUntil(isSettled, { what: "inbound messages", timeoutMs: settledMsMax }).catch((error) => {
        if (messageCount - settled.count > lostMax) throw error;
      });
      // One each: what was delivered did not come back, and the other way round.
      assert.equal(settled.repeats, 0, "messages of which two things became");
      assert.equal(native.repeats, 0, "events that came twice");
      for (const [pair, ids] of delivered.arrived) {
        const inOrder = sent.filter((id) => ids.has(id));
        assert.deepEqual([...ids], inOrder, `messages of ${pair}`);
      }
    },
  };
}

/** What a connector says of its first domain. */
async function askOfFirst({ healthPort }: RunningConnector) {
  return (await askConnector(healthPort))?.[0];
}

/** The connectors by what they say of themselves; those that say nothing are left out. */
async function viewsOf({ connectors }: Bridge) {
  const views = connectors.map(async (connector) => ({
    connector,
    health: await askOfFirst(connector),
  }));
  return await Promise.all(views);
}

/** The connector that has the stream, and the one that stands by, when both are in their places. */
export async function placesOf(
  bridge: Bridge,
): Promise<{ holder: RunningConnector; standby: RunningConnector; fence: number }> {
  for (;;) {
    const views = await viewsOf(bridge);
    const holder = views.find(({ health }) => health?.stream === "up");
    const standby = views.find(({ health }) => health?.lease === "standby" && health.leaseFresh);
    const fence = holder?.health?.fence;
    if (holder && standby && fence !== undefined) {
      return { holder: holder.connector, standby: standby.connector, fence };
    }
    await delay(20);
  }
}

/** The connectors that have a stream. */
export async function streamsUp(bridge: Bridge): Promise<RunningConnector[]> {
  const views = await viewsOf(bridge);
  return views.filter(({ health }) => health?.stream === "up").map(({ connector }) => connector);
}

/** Milliseconds until this connector has the stream, and its fence. */
export async function upAfter(connector: RunningConnector): Promise<{ ms: number; fence: number }> {
  const begun = performance.now();
  for (;;) {
    const health = await askOfFirst(connector);
    if (health?.stream === "up" && health.fence !== undefined) {
      return { ms: Math.round(performance.now() - begun), fence: health.fence };
    }
    await delay(10);
  }
}

/** Sends a signal to the process of a connector. */
export function signal({ pid }: RunningConnector, name: NodeJS.Signals): void {
  assert.ok(pid !== undefined, "the connector runs");
  process.kill(pid, name);
}

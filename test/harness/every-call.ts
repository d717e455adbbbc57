/** Has a bridge do everything that makes its functions and its connector call AWS in a way of their own. */
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { element } from "#core/xmpp/stanza.ts";
import type { Bridge } from "#local/bridge.ts";
import { waitUntil } from "#local/wait-until.ts";
import type { NativeSide } from "./native.ts";
import type { RecordingProxy } from "./recording-proxy.ts";
import { chat, iq, presence } from "./stanzas.ts";
import { bareOf, type XmppUser } from "./xmpp.ts";

export interface Stage {
  readonly bridge: Bridge;
  readonly native: NativeSide;
  readonly alice: XmppUser;
  readonly sqsProxy: RecordingProxy;
  readonly dynamodbProxy: RecordingProxy;
  /** Past the proxies. */
  readonly sqs: SQSClient;
}

const contact = "alice@localhost";
const nina = "nina@im.localhost";
const callMsMax = 60_000;

const emitter =
  ({ native }: Stage) =>
  (type: string, data: object = { contact }) =>
    native.emit({ type, data: { user: "nina", ...data } });

function seer({ alice }: Stage) {
  return (type: string | undefined) =>
    alice.next(
      ({ name, attrs }) => name === "presence" && attrs["type"] === type && bareOf(attrs["from"]) === nina,
      `presence of type ${type} from nina`,
      callMsMax,
    );
}

/** Resolves when a function or the connector has made a call. */
function called({ sqsProxy, dynamodbProxy }: Stage, caller: string, action: string, resource?: string) {
  const made = () =>
    [...sqsProxy.calls, ...dynamodbProxy.calls].some(
      (call) =>
        call.caller === caller &&
        call.action === action &&
        (resource === undefined || call.resource === resource),
    );
  return waitUntil(async () => made(), { what: `${action} by ${caller}`, timeoutMs: callMsMax });
}

/** Rosters: asked, accepted, shown, blocked, listed; devices and their capabilities. */
export async function makeFriends(stage: Stage): Promise<void> {
  const { native, alice } = stage;
  const [emit, seen] = [emitter(stage), seer(stage)];
  await emit("presence.changed", { show: "online" });
  await emit("contact.requested");
  await seen("subscribe");
  await alice.send(presence({ type: "subscribed", to: nina }));
  await native.nextOf("contact.accepted", "nina", callMsMax);
  await alice.send(presence({ type: "subscribe", to: nina }));
  await seen("subscribed");
  await seen(undefined);
  const caps = {
    xmlns: "http://jabber.org/protocol/caps",
    hash: "sha-1",
    node: "urn:test",
    ver: "QgayPKawpkPSDYmwT/WM94uAlu0=",
  };
  await alice.send(presence({}, element("c", caps)));
  // Its library knows no answer, which is one.
  await called(stage, "iq", "dynamodb:PutItem");
  await alice.send(presence({ type: "probe", to: nina }));
  await seen(undefined);
  await emit("roster.requested", {});
  await native.nextOf("roster.listed", "nina", callMsMax);
}

/** Messages both ways, an encrypted one, and one to somebody whom nobody has named yet; questions. */
export async function talk(stage: Stage): Promise<void> {
  const { native, alice } = stage;
  const [emit, seen] = [emitter(stage), seer(stage)];
  await emit("message.sent", { contact, id: "out-1", body: "Hello" });
  await alice.next(({ attrs }) => attrs["id"] === "out-1", "message", callMsMax);
  await alice.send(chat(nina, "in-1", "Hello"));
  await native.nextOf("message.sent", "nina", callMsMax);
  const encrypted = element(
    "encrypted",
    { xmlns: "eu.siacs.conversations.axolotl" },
    element("payload", {}, "AA=="),
  );
  await alice.send(chat(nina, "in-2", "This is encrypted", encrypted));
  await native.nextOf("message.sent", "nina", callMsMax);
  await alice.send(chat("somebody@im.localhost", "in-3", "Who are you?"));
  await native.nextOf("message.sent", "somebody", callMsMax);
  for (const to of [nina, "another@im.localhost"]) {
    const query = element("query", { xmlns: "http://jabber.org/protocol/disco#info" });
    await alice.request(iq("get", to, query)).catch(() => {});
  }
  // Asks for somebody whom nobody has named: presence, as well.
  await alice.send(presence({ type: "subscribe", to: "third@im.localhost" }));
  await native.nextOf("contact.requested", "third", callMsMax);
  // Last, since instances hold on to a block for a while.
  await emit("contact.blocked");
  await seen("unavailable");
  await emit("contact.unblocked");
  await seen(undefined);
}

/** What cannot be used is set aside by who reads it. */
export async function setAside(stage: Stage): Promise<void> {
  const { queues } = stage.bridge.endpoints.sqs;
  for (const [reader, queue, fifo] of [
    ["message", "messageStanzas", true],
    ["presence", "presenceStanzas", true],
    ["iq", "iqStanzas", false],
    ["native", "nativeEvents", true],
    ["walk", "walks", false],
    ["connector", "outboundStanzas", true],
    ["connector", "outboundPresence", true],
  ] as const) {
    const group = fifo ? { MessageGroupId: "wrong", MessageDeduplicationId: `wrong-${queue}` } : {};
    await stage.sqs.send(
      new SendMessageCommand({ QueueUrl: queues[queue], MessageBody: "no JSON", ...group }),
    );
    const dead = new URL(queues.deadLetters[queue]).pathname.split("/").at(-1);
    await called(stage, reader, "sqs:SendMessage", dead);
  }
}

/** The table fails for a while: what is in hand goes back to its queue, and is handled by itself when it comes again. */
export async function failAndComeBack(stage: Stage): Promise<void> {
  const { native, alice, dynamodbProxy } = stage;
  const emit = emitter(stage);
  const query = element("query", { xmlns: "http://jabber.org/protocol/disco#info" });
  for (const [name, cause] of [
    ["native", () => emit("user.updated", { name: "Nina" })],
    ["message", () => alice.send(chat("late@im.localhost", "late", "Late"))],
    ["presence", () => alice.send(presence({ type: "subscribe", to: "later@im.localhost" }))],
    ["iq", async () => void alice.request(iq("get", "latest@im.localhost", query)).catch(() => {})],
  ] as const) {
    dynamodbProxy.refuse(name);
    await cause();
    await called(stage, name, "sqs:ChangeMessageVisibility");
    dynamodbProxy.refuse(undefined);
    await called(stage, name, "dynamodb:DeleteItem");
  }
  await native.nextOf("message.sent", "late", callMsMax);
}

/** A stream that comes up again has the bridge walk through all pairs; a user is removed step by step. */
export async function walk(stage: Stage): Promise<void> {
  const { native, bridge, alice } = stage;
  const [emit, seen] = [emitter(stage), seer(stage)];
  await bridge.restartServer();
  await called(stage, "walk", "dynamodb:Scan");
  await native.next(({ type }) => type === "bridge.connected", "bridge.connected", callMsMax);
  await bridge.killConnector("SIGTERM");
  await emit("presence.changed", { contact, show: "away" });
  await emit("user.updated", { localpart: "nina.s" });
  await emit("user.removed", {});
  await alice.next(
    ({ name, attrs }) => name === "presence" && attrs["type"] === "unsubscribed",
    "unsubscribed",
    callMsMax,
  );
  await seen("unavailable").catch(() => {});
  await called(stage, "walk", "dynamodb:DeleteItem");
}

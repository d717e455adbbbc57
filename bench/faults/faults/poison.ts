/** Poison of every kind among the messages, both ways. */
import { SendMessageCommand } from "@aws-sdk/client-sqs";
import { sqsClientFor } from "#local/aws-clients.ts";
import { waitUntil } from "#local/wait-until.ts";
import { takeAway } from "../aws-behaviours.ts";
import type { Call } from "../aws-call.ts";
import type { Fault, Rig } from "../fault.ts";
import { type End, type PoisonKind, type PoisonPlace, poisonKinds } from "../poison-kinds.ts";

/** One of a hundred messages, at full size. */
const count = 200;
/** In this part of the traffic. */
const lastPoison = 0.85;
/** What waits is looked at again after 30 s at most. */
const takenMsMax = 90_000;
/** Ids look like nothing that the traffic sends. */
const idOf = (index: number) => `poison-${String(index).padStart(4, "0")}-`;
const idPattern = /poison-\d{4}-/g;

/** What was seen of each poison. */
type Ends = Map<string, Map<End, Set<string>>>;

function watch(rig: Rig): Ends {
  const seen: Ends = new Map();
  const note = (text: string, end: End, reason: string) => {
    for (const [id] of text.matchAll(idPattern)) {
      const ends = seen.get(id) ?? new Map<End, Set<string>>();
      seen.set(id, ends.set(end, (ends.get(end) ?? new Set()).add(reason)));
    }
  };
  rig.ends.onEvent(({ type, data }) => {
    if (type === "event.rejected") note(String(data["id"]), "rejected", String(data["reason"]));
  });
  rig.ends.onStanza((_, stanza) => {
    if (stanza.attrs["type"] === "error") note(stanza.attrs["id"] ?? "", "error", "");
  });
  rig.ends.onLetter(({ body = "", reason }) => note(body, "letter", reason));
  return seen;
}

/** Somebody has come who can read what waits: it is taken out, after it has come again and again. */
async function takeWaiting(rig: Rig, ids: readonly string[], seen: Ends): Promise<void> {
  const { functionsSqs, connectorSqs } = rig.aws;
  const does = takeAway(
    (message) => ids.some((id) => String(message["Body"]).includes(id)),
    (message) => {
      const [id = ""] = String(message["Body"]).match(idPattern) ?? [];
      seen.set(id, new Map([["waits", new Set([""])]]));
    },
  );
  const rule = { on: ({ action }: Call) => action === "ReceiveMessage", does };
  functionsSqs.set(rule);
  connectorSqs.set(rule);
  const isTaken = async () => ids.every((id) => seen.has(id));
  await waitUntil(isTaken, { what: "what waits", timeoutMs: takenMsMax, signal: rig.signal }).finally(() => {
    functionsSqs.set();
    connectorSqs.set();
  });
}

/** Says which kinds did not end as they must. */
function check(put: ReadonlyMap<string, PoisonKind>, seen: Ends): void {
  const wrong = new Set<string>();
  for (const [id, { name, ends, reason }] of put) {
    const found = seen.get(id) ?? new Map<End, Set<string>>();
    const isRight =
      ends.length === found.size &&
      ends.every((end) => found.has(end) && (reason === undefined || found.get(end)?.has(reason)));
    if (!isRight)
      wrong.add(
        `${name} (${[...found].map(([end, why]) => [end, ...why].join(" ")).join(", ") || "nothing"})`,
      );
  }
  if (wrong.size > 0) throw new Error(`poison that ended otherwise: ${[...wrong].join("; ")}`);
}

export const poison: Fault = {
  name: "poison",
  summary: `${count} poisons of ${poisonKinds.length} kinds among the messages, both ways`,
  inboundLoss: "none",
  repeats: false,
  lastsS: 75,
  async strike(rig) {
    const { ends, bridge } = rig;
    const { sqs, component, xmpp } = bridge.endpoints;
    const client = sqsClientFor(sqs.endpoint);
    const seen = watch(rig);
    const put = new Map<string, PoisonKind>();
    const putInto: PoisonPlace["putInto"] = async (queue, id, body, group) => {
      const fifo = group === undefined ? {} : { MessageGroupId: group, MessageDeduplicationId: id };
      await client.send(new SendMessageCommand({ QueueUrl: sqs.queues[queue], MessageBody: body, ...fifo }));
    };
    const total = rig.full ? count : poisonKinds.length;
    for (let index = 0; index < total; index += 1) {
      await rig.progress((lastPoison * index) / total);
      const kind = poisonKinds[index % poisonKinds.length];
      const user = ends.users[index % ends.users.length];
      const account = ends.accounts[index % ends.accounts.length];
      if (kind === undefined || user === undefined || account === undefined) continue;
      const contact = `${account}@${xmpp.domain}`;
      put.set(idOf(index), kind);
      await kind.put({ ends, putInto, domain: component.domain, user, account, contact }, idOf(index));
    }
    client.destroy();
    const waiting = [...put].filter(([, kind]) => kind.ends.includes("waits")).map(([id]) => id);
    await takeWaiting(rig, waiting, seen);
    rig.afterwards(() => check(put, seen));
  },
};

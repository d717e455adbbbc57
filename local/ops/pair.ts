/** `ops pair`: all that is kept about a user and a contact, and in words what follows from it. */
import { type Pair, stanzaCauseId } from "#core/decision.ts";
import { parseUserId } from "#core/mapping.ts";
import type { Availability } from "#core/presence.ts";
import { parseBareJid, parseJid } from "#core/xmpp/jid.ts";
import type { Bridge } from "./bridge.ts";
import { answer, type Command, Complaint, domainOf, exits, type Given } from "./command.ts";
import { effectWords, explainPair, type PairFacts, standingOf } from "./pair-explain.ts";
import { columns } from "./text.ts";

function pairOf(bridge: Bridge, given: Given): Pair {
  const [userText = "", contactText = ""] = given.positionals;
  const user = parseUserId(userText);
  if (!user.ok) throw new Complaint(`USER ${userText}: ${user.error}`, exits.wrongUsage);
  const contact = parseBareJid(contactText);
  if (!contact.ok) throw new Complaint(`CONTACT ${contactText}: ${contact.error}`, exits.wrongUsage);
  return { domain: domainOf(bridge, given), user: user.value, contact: contact.value };
}

async function readFacts(bridge: Bridge, pair: Pair): Promise<PairFacts> {
  const { table } = bridge;
  const { domain, user, contact } = pair;
  const [record, stored, resources, fence, policy, connectors] = await Promise.all([
    table.readUser(domain, user),
    table.readPair(pair),
    table.readAvailability(pair),
    table.readFence(domain),
    table.readPolicy(domain),
    bridge.connectors(),
  ]);
  const jid = parseJid(contact);
  return {
    ...{ domain, user, contact, record, fence, policy },
    contactDomain: jid.ok ? jid.value.domain : "",
    pair: stored,
    resources: resources ?? {},
    streamUp: connectors.some((view) => view.domain === domain && view.stream === "up"),
  };
}

/** Everything but the status text. */
function deviceOf(name: string, { show, priority, epoch, time, idleSince }: Availability) {
  return { name, show, priority, epoch, time, ...(idleSince !== undefined && { idleSince }) };
}

/** What is told: no status text, no name, no note. */
export function publicFacts(facts: PairFacts) {
  const { domain, user, contact, record, pair, resources, fence } = facts;
  const shown = pair?.state.directed?.presence ?? record?.presence;
  return {
    ...{ domain, user, contact },
    ghost: record && `${record.localpart}@${domain}`,
    ...standingOf(pair),
    preApproved: pair?.state.preApproved ?? false,
    blocked: pair?.state.blocked ?? false,
    version: pair?.version ?? 0,
    marks: pair?.marks ?? { xmpp: "", native: "" },
    outbox: effectWords(pair?.outbox ?? []),
    fence,
    devices: Object.entries(resources).map(([name, one]) => deviceOf(name, one)),
    contactHeard: shown && { show: shown.show, time: shown.time, alone: pair?.state.directed !== undefined },
    explanation: explainPair(facts),
  };
}

type Public = ReturnType<typeof publicFacts>;

/** The stanza of a mark: stream and place in it. */
const stanzaOf = (mark: string) => (mark === "" ? "none yet" : `stanza ${stanzaCauseId(mark)}`);
const eventOf = (mark: string) =>
  mark === "" ? "none yet" : `event with sequence ${mark.replace(/^0+/, "")}`;

function pairText(facts: Public): string {
  const { ghost, subscription, pending, preApproved, blocked, version, marks, outbox, devices } = facts;
  const rows = [
    ["user", `${facts.user}${ghost === undefined ? " (unknown)" : `, on XMPP ${ghost}`}`],
    ["contact", facts.contact],
    [
      "subscription",
      `${subscription}, pending ${pending}${preApproved ? ", pre-approved" : ""}${blocked ? ", blocked" : ""}`,
    ],
    ["last taken in", `from the contact ${stanzaOf(marks.xmpp)}, from the user ${eventOf(marks.native)}`],
    ["version", String(version)],
    ["not sent yet", outbox.join(", ") || "nothing"],
    [
      "contact heard",
      facts.contactHeard ? `${facts.contactHeard.show}, of ${facts.contactHeard.time}` : "nothing",
    ],
  ];
  const head = ["device", "show", "priority", "stream", "told at"];
  const table = devices.map(({ name, show, priority, epoch, time }) => [
    name,
    show,
    String(priority),
    epoch === facts.fence ? `${epoch} (this)` : String(epoch),
    time,
  ]);
  return [
    columns(rows),
    devices.length === 0 ? "no device is known" : columns([head, ...table]),
    facts.explanation.join("\n"),
  ].join("\n\n");
}

export const pair: Command = {
  summary: "all about a user and a contact, and why one may be silent",
  help: `ops pair USER CONTACT                 subscription, pending, marks, outbox, devices, what each last heard

USER is the native user's id, CONTACT a bare JID. Status texts, names and notes are left out.`,
  check: ({ positionals }) =>
    positionals.length === 2 ? undefined : "give USER and CONTACT, like: pair nina alice@example.org",
  async run(bridge, given, screen) {
    const facts = publicFacts(await readFacts(bridge, pairOf(bridge, given)));
    answer(screen, given, facts, () => pairText(facts));
    return exits.fine;
  },
};

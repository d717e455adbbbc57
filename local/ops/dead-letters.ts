/** `ops dead-letters`: what was set aside, shown, put back or dropped. */
import { partsOf, type QueueRef, queueNames } from "#core/contract/queues.ts";
import { localpartOfUser, parseUserId } from "#core/mapping.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";
import type { Bridge } from "./bridge.ts";
import { isFailedCall } from "./calls.ts";
import { answer, type Command, Complaint, domainOf, exits, type Given, type Screen } from "./command.ts";
import { type Held, type LetterBox, openLetterBox } from "./letter-box.ts";
import { type Letter, type LetterFilter, matches, replayOf } from "./letters.ts";
import { wordOf } from "./queue-names.ts";
import { ago, columns, plural } from "./text.ts";

const actions = ["list", "show", "replay", "drop"] as const;
type Action = (typeof actions)[number];

const lettersMax = 1_000;
const idChars = 8;

const help = `ops dead-letters list                    what was set aside, when, why and where
ops dead-letters show ID                 one letter, without what people have written
ops dead-letters replay [ID] --yes       puts items back onto their queues, then deletes their letters
ops dead-letters drop [ID] --yes         deletes letters

  --reason WORD     only letters with this reason: fault, crash, malformed, unfit, late, received-too-often, …
  --queue NAME      only those of this queue: ${queueNames.map((queue) => queueDefinitions[queue].base).join(", ")}
  --user USER       only those about this native user
  --contact JID     only those about this contact
  --domain DOMAIN   only those about users of this domain; without it of all
  --max N           looks at so many of each queue (default: ${lettersMax})
  --yes             does it; without it replay and drop say what they would do
  --with-content    show: the item too, with what people have written in it. Treat it as their letter.

An ID is what list shows: the beginning is enough. Mend the cause before a replay, or the items come back. Replaying
is exempt from order: an item comes after what was handled since. A replay that was interrupted goes on when it is
given again; SQS drops what it had put back already within five minutes, and consumers drop repeated event ids.
Looking hides letters from other commands for up to two minutes.`;

function isAction(word: string | undefined): word is Action {
  return actions.some((action) => action === word);
}

/** Those that are meant; of further domains too, where the name says none. */
function queuesOf({ refs, foreign }: Bridge, given: Given): readonly QueueRef[] {
  const named = given.text("queue");
  if (named === undefined) return refs;
  if (foreign.some((ref) => wordOf(ref) === named))
    throw new Complaint(`${named} is not of this deployment, and so are its dead letters`, exits.wrongUsage);
  const found = refs.filter((ref) =>
    [wordOf(ref), queueDefinitions[partsOf(ref).queue].base].includes(named),
  );
  if (found.length > 0) return found;
  const names = refs.map(wordOf).join(", ");
  throw new Complaint(`--queue ${named} is no queue: give one of ${names}`, exits.wrongUsage);
}

function maxOf(given: Given): number | undefined {
  const text = given.text("max");
  if (text === undefined) return lettersMax;
  return /^[1-9]\d{0,5}$/.test(text) ? Number(text) : undefined;
}

function check(given: Given): string | undefined {
  const [action, id, ...more] = given.positionals;
  if (action === undefined) return `what of them? give ${actions.join(", ")}`;
  if (!isAction(action)) return `${action} is no such command: give ${actions.join(", ")}`;
  if (more.length > 0) return `${more.join(" ")}: give one ID, or none`;
  if (action === "list" && id !== undefined) return "list takes no ID: give show";
  if (action === "show" && id === undefined) return "which one? give the ID that list shows";
  if (maxOf(given) === undefined) return `--max ${given.text("max")} is no number from 1 on`;
  const contact = given.text("contact");
  const jid = contact === undefined ? undefined : parseBareJid(contact);
  if (jid?.ok === false) return `--contact: ${jid.error}`;
  return undefined;
}

/** How letters name a user: by its id where they hold an event, else by its address. */
async function namesOf(bridge: Bridge, domain: string, text: string): Promise<readonly string[]> {
  const user = parseUserId(text);
  if (!user.ok) throw new Complaint(`--user: ${user.error}`, exits.wrongUsage);
  const usual = localpartOfUser(user.value);
  // What was set aside may have been so because this very item is broken.
  const record = await bridge.table.readUser(domain, user.value).catch((error: unknown) => {
    if (isFailedCall(error)) throw error;
    return undefined;
  });
  return [text, `${record?.localpart ?? usual}@${domain}`];
}

/** The domain that was named; a user is one of the first where none is. */
function domainMeant(bridge: Bridge, given: Given): string | undefined {
  if (bridge.domains.length === 1) return undefined;
  return given.text("user") === undefined ? given.domain : domainOf(bridge, given);
}

async function filterOf(bridge: Bridge, given: Given): Promise<LetterFilter> {
  const user = given.text("user");
  const contact = parseBareJid(given.text("contact") ?? "");
  return {
    domain: domainMeant(bridge, given),
    reason: given.text("reason"),
    id: given.positionals[1],
    users: user === undefined ? undefined : await namesOf(bridge, domainOf(bridge, given), user),
    contact: contact.ok ? contact.value : undefined,
  };
}

/** What may be told of a letter: everything but what people have written. */
export function publicOf({ body, ...letter }: Letter) {
  const replay = replayOf({ ...letter, body });
  return {
    ...letter,
    queue: wordOf(letter.queue),
    at: new Date(letter.at).toISOString(),
    bytes: body?.length ?? 0,
    replayable: replay.ok,
    ...(!replay.ok && { why: replay.error }),
  };
}

function listText(letters: readonly Letter[], now: number): string {
  if (letters.length === 0) return "no dead letters";
  const rows = letters.map(({ id, queue, reason, at, user, contact, text }) => [
    id.slice(0, idChars),
    wordOf(queue),
    reason,
    ago(at, now),
    [user, contact].filter(Boolean).join(" ↔ ") || "-",
    text,
  ]);
  return `${columns([["id", "queue", "reason", "set aside", "about", "what happened"], ...rows])}\n\n${plural(letters.length, "letter")}`;
}

function showText(letter: Letter, withContent: boolean): string {
  const rows = Object.entries(publicOf(letter)).map(([name, value]) => [name, String(value)]);
  if (!withContent) return columns(rows);
  return `${columns(rows)}\n\nWhat follows is what people have written: it is theirs.\n\n${letter.body ?? "(no item)"}`;
}

/** Deletes one letter; a reason where it stays. */
async function dropOne(box: LetterBox, held: Held): Promise<string | undefined> {
  return (await box.remove(held)) ? undefined : "the queue did not delete it: give the command again";
}

/** Puts one item back and deletes its letter; a reason where it stays. */
async function replayOne(bridge: Bridge, box: LetterBox, held: Held): Promise<string | undefined> {
  const message = replayOf(held.letter);
  if (!message.ok) return message.error;
  const [failure] = await bridge.queues.send(held.letter.queue, [message.value]);
  if (failure !== undefined) return `its queue does not take it: ${failure.reason}`;
  return dropOne(box, held);
}

async function change(bridge: Bridge, given: Given, screen: Screen, box: LetterBox, all: readonly Held[]) {
  const isReplay = given.positionals[0] === "replay";
  const failed: { id: string; why: string }[] = [];
  let done = 0;
  // Oldest first: the nearest to the order that they had.
  for (const held of all.toSorted((a, b) => a.letter.at - b.letter.at)) {
    if (screen.signal.aborted) break;
    const why = isReplay ? await replayOne(bridge, box, held) : await dropOne(box, held);
    if (why === undefined) done += 1;
    else failed.push({ id: held.letter.id, why });
    if (done > 0 && done % 100 === 0) screen.tell(`${done} of ${all.length}`);
  }
  const word = isReplay ? "replayed" : "dropped";
  answer(screen, given, { [word]: done, failed }, () =>
    [
      `${plural(done, "letter")} ${word}`,
      ...failed.map(({ id, why }) => `${id.slice(0, idChars)} stays: ${why}`),
    ].join("\n"),
  );
  return failed.length === 0 && done === all.length ? exits.fine : exits.unhealthy;
}

function wouldDo(given: Given, screen: Screen, letters: readonly Letter[]): number {
  const [action] = given.positionals;
  answer(screen, given, { would: action, letters: letters.map(publicOf) }, () =>
    [listText(letters, Date.now()), `\nWould ${action} these. Give --yes to do it.`].join("\n"),
  );
  return exits.fine;
}

async function run(bridge: Bridge, given: Given, screen: Screen): Promise<number> {
  const queues = queuesOf(bridge, given);
  const filter = await filterOf(bridge, given);
  const box = openLetterBox(bridge, screen.signal);
  try {
    const all = await box.read(queues, maxOf(given) ?? lettersMax);
    const held = all.filter(({ letter }) => matches(letter, filter));
    const ofNone = all.filter(({ letter }) => !bridge.domains.includes(letter.domain)).length;
    if (filter.domain !== undefined && ofNone > 0)
      screen.tell(
        `${plural(ofNone, "letter")} of no known domain left out: give no --domain and no --user for all`,
      );
    const letters = held.map(({ letter }) => letter);
    const [action, id] = given.positionals;
    if (id !== undefined && letters.length === 0) throw new Complaint(`there is no letter ${id}`);
    if (id !== undefined && letters.length > 1)
      throw new Complaint(`${id} begins ${letters.length} ids: give more of it`, exits.wrongUsage);
    if (action === "replay" || action === "drop") {
      if (!given.yes) return wouldDo(given, screen, letters);
      return await change(bridge, given, screen, box, held);
    }
    const [only] = letters;
    if (action === "show" && only !== undefined) {
      const withContent = given.flag("with-content");
      const facts = { ...publicOf(only), ...(withContent && { body: only.body }) };
      answer(screen, given, facts, () => showText(only, withContent));
      return exits.fine;
    }
    answer(screen, given, { letters: letters.map(publicOf) }, () => listText(letters, Date.now()));
    return exits.fine;
  } finally {
    await box.close();
  }
}

export const deadLetters: Command = {
  summary: "what was set aside: list, show, replay, drop",
  help,
  options: {
    reason: { type: "string" },
    queue: { type: "string" },
    user: { type: "string" },
    contact: { type: "string" },
    max: { type: "string" },
    "with-content": { type: "boolean" },
  },
  check,
  run,
};

/** Users who show themselves to one contact alone, and what contacts see of them. */
import assert from "node:assert/strict";
import type { SQSRecord } from "aws-lambda";
import type { PairState } from "#core/pair.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { announce, domain, type Engines, relate, takeStanzas } from "./functions.ts";
import { makeStage, type Stage } from "./runs.ts";

/** The presence of users who are there. */
export const here = { show: "away", version: 3, time: "2026-11-01T00:00:00Z" } as const;

/** A user that is there, unless said otherwise, and a contact. */
export async function meet(
  engines: Engines,
  state?: Partial<PairState>,
  options: { user?: string; present?: false } = {},
): Promise<Stage> {
  const stage = makeStage(options.user);
  if ((await engines.table.readUser(domain, stage.pair.user)) === undefined) {
    await announce(engines, stage.user);
    if (options.present !== false) await engines.table.setPresence(domain, stage.pair.user, here, "0");
  }
  if (state !== undefined) await relate(engines, stage.pair, state);
  return stage;
}

/** The user shows itself to the stage's contact alone. */
export const show = (stage: Stage, word: string, more: object = {}): SQSRecord =>
  stage.native("presence.changed", { show: word, ...more });
/** The user shows itself to all. */
export const showAll = (stage: Stage, word: string, more: object = {}): SQSRecord =>
  show(stage, word, { contact: undefined, ...more });

function lineOf(xml: string): string {
  const stanza = parseStanza(xml);
  assert.ok(stanza.ok);
  const { type = "available" } = stanza.value.attrs;
  return [type, stanza.value.getChildText("show"), stanza.value.getChildText("status")]
    .filter(Boolean)
    .join(" ");
}

/** What was written to a contact, in one line each: by its pair's group, and in the user's among the broadcasts. */
export async function seenBy(
  engines: Engines,
  ...stages: Stage[]
): Promise<{ alone: string[]; among: string[] }[]> {
  const alone = await takeStanzas(engines);
  const among = await takeStanzas(engines, "outboundPresence");
  return stages.map(({ contact }) => ({
    alone: alone.filter(({ xml }) => xml.includes(` to="${contact}"`)).map(({ xml }) => lineOf(xml)),
    among: among.filter(({ recipients = [] }) => recipients.includes(contact)).map(({ xml }) => lineOf(xml)),
  }));
}

/** What the contact is remembered to have been shown alone. */
export const directedOf = async (engines: Engines, { pair }: Stage) =>
  (await engines.table.readPair(pair))?.state.directed?.presence;
/** Whether the user is remembered to have shown itself to somebody alone, and by which cause. */
export const flagOf = async (engines: Engines, { pair }: Stage) =>
  (await engines.table.readUser(domain, pair.user))?.directed;

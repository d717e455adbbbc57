/** A hand-played server that a whole bridge talks to: what real ones repair, refuse or never send comes through it. */

import assert from "node:assert/strict";
import type { Element } from "ltx";
import { makeTable } from "#aws/dynamodb-table.ts";
import type { Table } from "#aws/table.ts";
import { type Peer, startComponentServer } from "#bench/component-server.ts";
import { parseUserId } from "#core/mapping.ts";
import { noPair } from "#core/pair.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import type { Scenario } from "./bridge.ts";

const secret = "a secret of no importance";

export interface PlayedServer {
  readonly domain: string;
  readonly peer: Peer;
  /** The bridge's table, to look at. */
  readonly table: Table;
  /** The next stanza that the bridge sends to a bare or full JID; those to others stay. */
  nextTo(jid: string): Promise<Element>;
  stop(): Promise<void>;
}

/** The element that a stanza's text is. */
export function readStanza(xml: string): Element {
  const stanza = parseStanza(xml);
  assert.ok(stanza.ok, xml);
  return stanza.value;
}

const escapePattern = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

/** A contact that a user has asked, and nobody else in the table: the walk after a gap asks it again. */
async function putFirstContact(table: Table, domain: string, name: string): Promise<string> {
  const user = parseUserId(name);
  const contact = parseBareJid("first@example.net");
  assert.ok(user.ok && contact.ok);
  const pair = { domain, user: user.value, contact: contact.value };
  const state = { ...noPair, state: "none+out" } as const;
  const record = { state, marks: { xmpp: "", native: "" }, version: 1, outbox: [] };
  assert.ok(await table.commitPair(pair, undefined, record));
  return contact.value;
}

/**
 * Takes the place of the bridge's own server, before anybody is in its table: the bridge's connector is held, and
 * another one connects here. Resolves when the walk that follows has passed, so that it says nothing to later pairs.
 */
export async function playServer({ bridge, startConnector }: Scenario): Promise<PlayedServer> {
  const { component, dynamodb } = bridge.endpoints;
  const { domain, users } = component;
  const client = dynamodbClientFor(dynamodb.endpoint);
  const table = makeTable({ client, name: dynamodb.table });
  // Two connectors would share what leaves.
  await bridge.holdConnector();
  const first = await putFirstContact(table, domain, users[0] ?? assert.fail("a bridge without users"));
  const server = await startComponentServer({ domain, secret });
  await startConnector(server.port, secret);
  const peer = await server.accept();
  const nextTo = async (jid: string) =>
    readStanza(await peer.expect(new RegExp(`^<[^>]* to="${escapePattern(jid)}"`)));
  assert.equal((await nextTo(first)).attrs["type"], "subscribe");
  return {
    domain,
    peer,
    table,
    nextTo,
    async stop() {
      client.destroy();
      await server.close();
    },
  };
}

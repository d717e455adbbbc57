/** Contacts with clients that say what they can do, and a function's world around the user nina that they meet. */

import assert from "node:assert/strict";
import { capsDigest } from "#aws/hash.ts";
import type { PairState } from "#core/pair.ts";
import { type Caps, type DiscoInfo, infoElement, verificationText } from "#core/xmpp/caps.ts";
import { featuresOf } from "#functions/contact-features.ts";
import { iqWork } from "#functions/iq.ts";
import type { Ports } from "#functions/ports.ts";
import { presenceWork } from "#functions/presence.ts";
import { type Engines, pairOf, portsOver, relate, takeStanzas } from "./functions.ts";
import { available, pack, record, stanza, unique } from "./lambda-events.ts";
import { readStanza } from "./played-server.ts";
import { perform } from "./runs.ts";

export const correction = "urn:xmpp:message-correct:0";
export const receipts = "urn:xmpp:receipts";

export interface Client {
  readonly info: DiscoInfo;
  readonly caps: Caps;
}

/** A client that nobody has met. */
export function newClient(...features: string[]): Client {
  const info: DiscoInfo = {
    identities: [{ category: "client", type: "pc", name: `Client ${unique()}` }],
    features: ["http://jabber.org/protocol/caps", ...features],
    forms: [],
  };
  const ver = capsDigest("sha-1", verificationText(info));
  return { info, caps: { hash: "sha-1", node: "https://example.org/client", ver } };
}

/** What its presence bears. */
export function bearing({ caps: { hash, node, ver } }: Client): string {
  return `<c xmlns="http://jabber.org/protocol/caps" hash="${hash}" node="${node}" ver="${ver}"/>`;
}

/** What it answers. */
export function infoOf(client: Client): string {
  return infoElement(client.info).toString();
}

/** A question about capabilities that has left. */
export interface Question {
  readonly id: string;
  readonly to: string;
  readonly from: string;
  readonly node: string | undefined;
}

/** The addresses and id of the answer to it. */
export function answerTo({ id, to, from }: Question): Record<string, string> {
  return { id, from: to, to: from };
}

export const stranger = () => `c${unique()}@example.org`;

export interface ClientStage {
  /** A contact of nina's that nobody has met. */
  contactIn(state?: Partial<PairState>): Promise<string>;
  handle(ports: Ports, ...xmls: string[]): Promise<void>;
  /** A device becomes available with its client. */
  appear(ports: Ports, device: string, client: Client): Promise<void>;
  questions(): Promise<Question[]>;
  /** The only question that has left. */
  asked(): Promise<Question>;
  /** Hands an IQ to the function, which answers nothing. */
  answer(attrs: Record<string, string>, child: string, ports?: Ports): Promise<void>;
  /** What is stored about its capabilities. */
  stateOf(client: Client): Promise<string | undefined>;
  /** What nina's contact can do, as a new instance finds it. */
  known(contact: string, ports?: Ports): Promise<string[] | undefined>;
}

export function makeClientStage(engines: Engines): ClientStage {
  const stage: ClientStage = {
    async contactIn(state = { state: "to" }) {
      const contact = stranger();
      await relate(engines, pairOf("nina", contact), state);
      return contact;
    },
    async handle(ports, ...xmls) {
      await perform(presenceWork, ports, record({ body: pack(...xmls) }));
    },
    appear: (ports, device, client) => stage.handle(ports, available(device, "online", bearing(client))),
    async questions() {
      const stanzas = (await takeStanzas(engines)).map(({ xml }) => readStanza(xml));
      return stanzas
        .filter(({ name }) => name === "iq")
        .map((iq) => {
          const { id = "", to = "", from = "" } = iq.attrs;
          return { id, to, from, node: iq.getChild("query")?.attrs["node"] };
        });
    },
    async asked() {
      const [question, ...more] = await stage.questions();
      assert.deepEqual(more, []);
      assert.ok(question, "nobody was asked");
      return question;
    },
    async answer(attrs, child, ports = portsOver(engines)) {
      const one = record({ body: pack(stanza("iq", { type: "result", ...attrs }, child)), group: "" });
      await perform(iqWork, ports, one);
      assert.deepEqual(await takeStanzas(engines), [], "an answer is not answered");
    },
    stateOf: async ({ caps }) => (await engines.table.readCaps(caps))?.state.kind,
    async known(contact, ports = portsOver(engines)) {
      const features = await featuresOf(ports, pairOf("nina", contact));
      return features && [...features].sort();
    },
  };
  return stage;
}

/** Questions (IQ) to users, which go by a standard queue; each must be answered. */
import { setTimeout as delay } from "node:timers/promises";
import { element, ns } from "#core/xmpp/stanza.ts";
import type { Rig } from "./fault.ts";

const pauseMs = 20;

/** Does `work`, and meanwhile has accounts ask users; afterwards every question must have been answered. */
export async function keepAsking(rig: Rig, work: () => Promise<void>): Promise<void> {
  const { ends } = rig;
  const { domain } = rig.bridge.endpoints.component;
  const waiting = new Set<string>();
  const answers = new Set<string>();
  let again = 0;
  ends.onStanza((_, stanza) => {
    const id = stanza.attrs["id"] ?? "";
    if (!stanza.is("iq") || !waiting.has(id)) return;
    if (answers.has(id)) again += 1;
    answers.add(id);
  });
  const stopping = new AbortController();
  const ask = async () => {
    for (let count = 0; !stopping.signal.aborted; count += 1) {
      const account = ends.accounts[count % ends.accounts.length] ?? "";
      const user = ends.users[count % ends.users.length] ?? "";
      const id = `asked-${account}-${count}`;
      waiting.add(id);
      const ping = element("ping", { xmlns: ns.ping });
      await ends.send(account, element("iq", { type: "get", to: `${user}@${domain}`, id }, ping));
      await delay(pauseMs);
    }
  };
  const asking = ask();
  try {
    await work();
  } finally {
    stopping.abort();
    await asking;
  }
  rig.afterwards(() => {
    rig.log(`${waiting.size} questions, ${answers.size} answered, ${again} of them again`);
    const unanswered = waiting.size - answers.size;
    if (unanswered > 0) throw new Error(`${unanswered} questions were not answered`);
  });
}

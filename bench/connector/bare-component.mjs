/**
 * The least that a component can be: `@xmpp/component` as it comes, and a counter. Plain JavaScript, so that Node's type
 * stripper is not counted. `bare-component.mjs <service> <domain> <secret> in|out|echo`
 */
import { component, xml } from "@xmpp/component";

const [service, domain, password, way] = process.argv.slice(2);
/** How many stanzas may pass before the benchmark is told. */
const tellEvery = 100;
/** Stanzas that are written at a time. */
const together = 100;

const xmpp = component({ service, domain, password });
let count = 0;
let told = 0;
const tell = () => {
  if (count === told) return;
  told = count;
  process.send({ count });
};

xmpp.on("error", (error) => {
  console.error(error);
  process.exit(1);
});
xmpp.on("stanza", (stanza) => {
  if (!stanza.is("message")) return;
  count += 1;
  if (way === "echo") {
    const { from, to } = stanza.attrs;
    Object.assign(stanza.attrs, { from: to, to: from });
    void xmpp.send(stanza);
  }
  if (count % tellEvery === 0) tell();
});
// What is left over at the end.
setInterval(tell, 20);

async function sendAll({ stanzas, to, body }) {
  for (let sent = 0; sent < stanzas; sent += together) {
    await Promise.all(
      Array.from({ length: Math.min(together, stanzas - sent) }, (_, index) => {
        const from = `user${(sent + index) % 16}@${domain}`;
        const attrs = { from, to, id: `m${sent + index}`, type: "chat" };
        return xmpp.send(xml("message", attrs, xml("body", {}, body)));
      }),
    );
  }
}
process.on("message", (work) => void sendAll(work));
process.on("disconnect", () => process.exit(0));
await xmpp.start();
process.send({ count: 0 });

/** `npm run native`: the native side in a terminal. */
import { setTimeout as delay } from "node:timers/promises";
import { makeQueues } from "#aws/queues.ts";
import { localpartOfUser } from "#core/mapping.ts";
import { sqsClientFor } from "../aws-clients.ts";
import { chooseDomain, domainsAt, type NativeEndpoints, readEndpoints } from "../read-endpoints.ts";
import { readInbox } from "./inbox.ts";
import { help, type Options, readOptions } from "./options.ts";
import { makeOutbox } from "./outbox.ts";
import { makeSession } from "./session.ts";
import { clock } from "./show.ts";
import { openTerminal } from "./terminal.ts";

/** How long an interrupt waits for what is still to be sent. */
const hurryMs = 3_000;

/** Runs until input ends, `/quit`, Ctrl-C or SIGTERM; returns the exit code. */
async function chat(options: Options, endpoints: NativeEndpoints, domain: string): Promise<number> {
  const { user } = options;
  const domains = domainsAt(endpoints);
  // Where there is but one, events need not name it.
  const reader = domains.length > 1 ? { user, domain } : { user };
  const client = sqsClientFor(endpoints.sqs.endpoint);
  const queues = makeQueues({ client, urls: endpoints.sqs.queues, deadLetterUrls: {} });
  const stopping = new AbortController();
  let hurried = false;
  const leave = () => stopping.abort();
  const leaveSoon = () => {
    hurried = true;
    leave();
  };
  const left = new Promise<void>((resolve) => {
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });

  const terminal = openTerminal({ line: (line) => session.typed(line), end: leave, interrupt: leaveSoon });
  const outbox = makeOutbox(queues, user, {
    sent: (event) => {
      const text = event.data["body"];
      // Whoever types sees the line already.
      if (terminal.interactive || typeof text !== "string") return;
      terminal.print(`${clock(event.time)} to ${event.data["contact"]}: ${text}`);
    },
    failed: (event, reason) => terminal.print(`! ${event.type} was not sent: ${reason}`),
  });
  const promptFor = (contact: string | undefined) =>
    `${user}${contact === undefined ? "" : ` to ${contact}`}> `;
  const session = makeSession(
    {
      send: (event) => outbox.send({ ...event, data: { ...event.data, ...reader } }),
      print: terminal.print,
      chosen: (contact) => terminal.prompt(promptFor(contact)),
      quit: leave,
    },
    user,
    options.contact,
  );

  process.once("SIGTERM", leaveSoon);
  process.once("SIGINT", leaveSoon);
  terminal.prompt(promptFor(options.contact));
  terminal.print(`You are ${user}, for XMPP ${localpartOfUser(user)}@${domain}. /help helps.`);
  session.start();
  const reading = readInbox(
    { queues, show: session.received, warn: (text) => terminal.print(`! ${text}`) },
    reader,
    stopping.signal,
  );
  await left;
  // At the end of input everything is sent first; who interrupts does not wait for queues that are gone.
  const patience = hurried ? delay(hurryMs, false, { ref: false }) : outbox.drained();
  const complete = await Promise.race([outbox.drained(), patience]);
  await reading;
  terminal.close();
  client.destroy();
  return complete ? 0 : 1;
}

async function main(args: readonly string[]): Promise<number> {
  const options = readOptions(args);
  if (!options.ok) {
    console.error(`${options.error}\n\nnpm run native -- --help says more.`);
    return 2;
  }
  if (options.value === "help") {
    console.log(help);
    return 0;
  }
  const endpoints = readEndpoints(options.value.endpoints);
  if (!endpoints.ok) {
    console.error(endpoints.error);
    return 1;
  }
  const domain = chooseDomain(options.value.domain, domainsAt(endpoints.value));
  if (!domain.ok) {
    console.error(`--domain: ${domain.error}`);
    return 2;
  }
  return await chat(options.value, endpoints.value, domain.value);
}

// Not left to the event loop: an interrupted send may still be trying.
process.exit(await main(process.argv.slice(2)));

/** Checks that need a stream of our own: the secret, the barrier, a second connection (docs/decisions/0014, 0027). */
import { randomUUID } from "node:crypto";
import type { Element } from "ltx";
import type { Authorities } from "#aws/authorities.ts";
import { adviceFor } from "#connector/advice.ts";
import { makeBarriers } from "#connector/barriers.ts";
import { type Link, openLink } from "#connector/link.ts";
import { limits } from "#core/limits.ts";
import { serializeStanza } from "#core/xmpp/codec.ts";
import { errorReply } from "#core/xmpp/error.ts";
import { element } from "#core/xmpp/stanza.ts";
import { type Check, failing, fine, warning } from "./checks.ts";

export interface StreamOptions extends Authorities {
  readonly domain: string;
  readonly service: string;
  readonly secret: string;
  readonly signal: AbortSignal;
}

/** Stanzas before the barrier. */
const stanzasBefore = 500;
/** How long the first connection may take to be displaced by the second. */
const displacedMsMax = 3_000;

export const streamChecks = { secret: "secret", barrier: "barrier", second: "second connection" } as const;

interface Doctor {
  readonly link: Link;
  /** Hands what is ours to `onOurs`, which says whether it was; everything else is answered with an error. */
  listen(onOurs: (stanza: Element) => boolean): void;
}

/** Nobody is there to handle what others send meanwhile: they are told so, as they would be without a stream. */
async function open(options: StreamOptions): Promise<Doctor> {
  let isOurs: (stanza: Element) => boolean = () => false;
  const link = await openLink(
    {
      ...options,
      limits,
      // Whoever runs this has decided it; the connector decides for itself.
      plainAllowed: true,
      isOurs: () => true,
      isFull: () => false,
      onStanza(stanza) {
        if (isOurs(stanza)) return;
        const answer = errorReply(stanza, "recipient-unavailable");
        if (answer && stanza.name !== "presence") link.write(serializeStanza(answer)).catch(() => {});
      },
      onRefused() {},
      onHeld() {},
    },
    options.signal,
  );
  return {
    link,
    listen(onOurs) {
      isOurs = onOurs;
      link.begin();
    },
  };
}

const wordOf = (error: unknown) => (error instanceof Error ? error.message : "unknown");

/** What comes of a server that is silent; that its port takes connections was seen before. */
const silent: readonly string[] = ["connect-timeout", "TimeoutError"];

function refused(error: unknown): Check {
  const reason = wordOf(error);
  if (silent.includes(reason)) {
    const text = `the server takes connections and does not speak XMPP (${reason})`;
    return failing(streamChecks.secret, text, "it hangs: look at its log and load, and restart it");
  }
  const fix = adviceFor(reason) ?? "see the component port above, and the XMPP server's own log";
  return failing(streamChecks.secret, `the handshake failed: ${reason}`, fix);
}

/** Whether every stanza that was written before a ping to ourselves is back before it (invariant 2). */
async function checkBarrier(doctor: Doctor, domain: string): Promise<Check> {
  const name = streamChecks.barrier;
  const prefix = `doctor-${randomUUID()}-`;
  let back = 0;
  const { promise: dead, resolve } = Promise.withResolvers<string>();
  const barriers = makeBarriers(domain, limits, {
    silentMs: () => performance.now() - doctor.link.readAt(),
    dead: resolve,
    again() {},
    overtaken() {},
  });
  doctor.listen((stanza) => {
    if (barriers.consume(stanza)) return true;
    const isOurs = stanza.attrs["id"]?.startsWith(prefix) ?? false;
    if (isOurs) back += 1;
    return isOurs;
  });
  let xml = "";
  for (let index = 0; index < stanzasBefore; index += 1) {
    xml += element("message", {
      from: domain,
      to: domain,
      id: `${prefix}${index}`,
      type: "headline",
    }).toString();
  }
  const barrier = barriers.issue();
  const lost = doctor.link.closed.then((reason) => reason);
  const written = doctor.link.write(xml + barrier.xml).then(() => new Promise<string>(() => {}), wordOf);
  const ended = await Promise.race([barrier.back, dead, lost, written]);
  barriers.end();
  const fix =
    "do not use this server: what is written could be lost unnoticed; report it with the server's version";
  if (ended !== true) return failing(name, `no ping to ourselves came back: ${ended}`, fix);
  if (back === stanzasBefore) return fine(name, `a ping came back behind all of ${back} stanzas before it`);
  return failing(name, `a ping overtook ${stanzasBefore - back} of ${stanzasBefore} stanzas`, fix);
}

/** What becomes of a connection when the component connects once more (invariant 12). */
async function checkSecond(first: Doctor, options: StreamOptions): Promise<Check> {
  const name = streamChecks.second;
  let second: Doctor;
  try {
    second = await open(options);
  } catch (error) {
    const fix =
      'set component_conflict_resolve = "kick_old" on Prosody, or a standby waits for a dead connection';
    return failing(name, `the server refuses it (${wordOf(error)}), and keeps the first, dead or not`, fix);
  }
  const { promise, resolve } = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => resolve(undefined), displacedMsMax);
  const displaced = await Promise.race([first.link.closed, promise]);
  clearTimeout(timer);
  second.link.close();
  await second.link.closed;
  if (displaced !== undefined) return fine(name, `it displaces the first (${displaced})`);
  const fix =
    "never run two connectors without a lease; on ejabberd set domain_balancing for the component to keep order meanwhile";
  return warning(name, "the server keeps both, and gives each a part of the stanzas", fix);
}

/** Shakes hands and leaves; with `all` the barrier and a second connection are tried as well. */
export async function checkStream(options: StreamOptions, all: boolean): Promise<readonly Check[]> {
  let first: Doctor;
  try {
    first = await open(options);
  } catch (error) {
    return [refused(error)];
  }
  const checks = [fine(streamChecks.secret, "the server accepts it")];
  if (all) {
    checks.push(await checkBarrier(first, options.domain));
    checks.push(await checkSecond(first, options));
  } else first.listen(() => false);
  first.link.close();
  await first.link.closed;
  return checks;
}

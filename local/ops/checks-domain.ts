/** Checks of one domain: the way to its own server, its connectors, its own secret. */
import { readFile } from "node:fs/promises";
import type { Authorities } from "#aws/authorities.ts";
import type { Bridge, ConnectorView } from "./bridge.ts";
import { explainFailure, isFailedCall } from "./calls.ts";
import { type Check, failing, fine, skipped } from "./checks.ts";
import { checkCertificate, checkDomainName, checkPort, checkServerName } from "./checks-net.ts";
import { checkStream, streamChecks } from "./checks-stream.ts";
import type { Screen } from "./command.ts";

export interface DomainChecks {
  readonly bridge: Pick<Bridge, "who" | "serviceOf" | "authoritiesOf" | "readSecret">;
  readonly domain: string;
  /** What connectors have said, of whichever domain. */
  readonly views: readonly ConnectorView[];
  readonly how: {
    readonly connect: boolean;
    readonly yes: boolean;
    /** Another server than the one that is deployed, where nobody has a stream yet. */
    readonly service?: string | undefined;
  };
  readonly screen: Pick<Screen, "env" | "signal">;
}

function connectorsOf({ domain, views }: DomainChecks): { check: Check; isUp: boolean } {
  const name = "connectors";
  const ours = views.filter((view) => view.domain === domain);
  const states = ours.map((view) => `${view.name} ${view.stream}`).join(", ") || "none is heard of";
  const up = ours.filter(({ stream }) => stream === "up").length;
  if (up === 1) return { check: fine(name, states), isUp: true };
  if (up > 1) return { check: failing(name, states, "keep one, or give them a lease"), isUp: true };
  const mute = ours.every(({ stream }) => stream === "unreachable");
  const fix = mute ? "start the connector" : "npm run ops -- status says why its stream is down";
  return { check: failing(name, states, fix), isUp: false };
}

async function secretOf({ bridge, domain, screen }: DomainChecks): Promise<string> {
  const { CAUSEWAY_XMPP_SECRET: given, CAUSEWAY_XMPP_SECRET_FILE: file } = screen.env;
  if (given) return given;
  if (file) return (await readFile(file, "utf8")).trim();
  return (await bridge.readSecret(domain)).trim();
}

function authoritiesOf({ bridge, domain, screen }: DomainChecks): Authorities {
  const { CAUSEWAY_XMPP_CA: ca, CAUSEWAY_XMPP_CA_FILE: caFile } = screen.env;
  if (ca) return { ca };
  return caFile ? { caFile } : bridge.authoritiesOf(domain);
}

/** The checks that open a stream of their own, as far as that harms nobody. */
async function streamOf(asked: DomainChecks, service: string, isUp: boolean): Promise<readonly Check[]> {
  const { bridge, domain, how, screen } = asked;
  if (isUp && !(how.connect && how.yes)) {
    const text = how.connect
      ? "the bridge's own stream is up: a second one displaces it, or takes a part of its stanzas; give --yes too to do it anyway"
      : "the server has accepted the bridge's own stream";
    return [how.connect ? skipped(streamChecks.secret, text) : fine(streamChecks.secret, text)];
  }
  let secret: string;
  try {
    secret = await secretOf(asked);
  } catch (error) {
    const text = isFailedCall(error) ? explainFailure(error, bridge.who) : "its file cannot be read";
    return [
      failing(streamChecks.secret, text, "let this tool read the secret, or set CAUSEWAY_XMPP_SECRET_FILE"),
    ];
  }
  const place = { domain, service, ...authoritiesOf(asked) };
  const checks = await checkStream({ ...place, secret, signal: screen.signal }, how.connect);
  const more = [streamChecks.barrier, streamChecks.second];
  return how.connect ? checks : [...checks, ...more.map((name) => skipped(name, "give --connect to try it"))];
}

/** Everything about one domain, from its server's name to its secret. */
export async function checkDomain(asked: DomainChecks): Promise<readonly Check[]> {
  const { bridge, domain, how } = asked;
  const service = how.service ?? bridge.serviceOf(domain);
  const net = await Promise.all([
    checkServerName(service),
    checkPort(service),
    checkCertificate(service, authoritiesOf(asked)),
    checkDomainName(domain),
  ]);
  const { check, isUp } = connectorsOf(asked);
  const canConnect = net.every(({ level }) => level !== "fail");
  const stream = canConnect
    ? await streamOf(asked, service, isUp && how.service === undefined)
    : [skipped(streamChecks.secret, "the server cannot be reached")];
  return [...net, check, ...stream];
}

/** `ops doctor`: checks everything on the way, one by one, and says what to do. */
import { readFile } from "node:fs/promises";
import type { Bridge } from "./bridge.ts";
import { explainFailure, isFailedCall } from "./calls.ts";
import { type Check, failing, fine, skipped } from "./checks.ts";
import { checkCalls, checkClock, checkTable, queueChecks } from "./checks-aws.ts";
import { checkCertificate, checkDomainName, checkPort, checkServerName } from "./checks-net.ts";
import { checkStream, streamChecks } from "./checks-stream.ts";
import { answer, type Command, domainOf, exits, type Given, type Screen } from "./command.ts";
import { readQueues } from "./queue-facts.ts";
import { ownVersion } from "./status.ts";
import { columns, plural } from "./text.ts";

const nodeMajorMin = 24;

function checkVersions(): Check {
  const text = `causeway ${ownVersion()}, node ${process.version}`;
  const major = Number(/^v(\d+)/.exec(process.version)?.[1]);
  if (major >= nodeMajorMin) return fine("versions", text);
  return failing("versions", text, `node ${nodeMajorMin} or later is needed: npm run brings its own`);
}

async function queuesOf(bridge: Bridge): Promise<readonly Check[]> {
  try {
    return queueChecks(await readQueues(bridge));
  } catch (error) {
    return [failing("queues", explainFailure(error, bridge.who), "see the calls above")];
  }
}

/** What connectors say; one that is down is no reason not to look at the rest. */
async function connectorsOf(bridge: Bridge, domain: string): Promise<{ check: Check; isUp: boolean }> {
  const name = "connectors";
  const found = await bridge.connectors().catch((error: unknown) => {
    if (isFailedCall(error)) return [];
    throw error;
  });
  const ours = found.filter((view) => view.domain === domain);
  const states = ours.map((view) => `${view.name} ${view.stream}`).join(", ") || "none is heard of";
  const up = ours.filter(({ stream }) => stream === "up").length;
  if (up === 1) return { check: fine(name, states), isUp: true };
  if (up > 1) return { check: failing(name, states, "keep one, or give them a lease"), isUp: true };
  const mute = ours.every(({ stream }) => stream === "unreachable");
  const fix = mute ? "start the connector" : "npm run ops -- status says why its stream is down";
  return { check: failing(name, states, fix), isUp: false };
}

async function secretOf(bridge: Bridge, env: NodeJS.ProcessEnv): Promise<string> {
  const { CAUSEWAY_XMPP_SECRET: given, CAUSEWAY_XMPP_SECRET_FILE: file } = env;
  if (given) return given;
  if (file) return (await readFile(file, "utf8")).trim();
  return (await bridge.readSecret()).trim();
}

/** The checks that open a stream of their own, as far as that harms nobody. */
async function streamOf(
  bridge: Bridge,
  given: Given,
  screen: Screen,
  isUp: boolean,
): Promise<readonly Check[]> {
  const wants = given.flag("connect");
  if (isUp && !(wants && given.yes)) {
    const text = wants
      ? "the bridge's own stream is up: a second one displaces it, or takes a part of its stanzas; give --yes too to do it anyway"
      : "the server has accepted the bridge's own stream";
    return [wants ? skipped(streamChecks.secret, text) : fine(streamChecks.secret, text)];
  }
  let secret: string;
  try {
    secret = await secretOf(bridge, screen.env);
  } catch (error) {
    const text = isFailedCall(error) ? explainFailure(error, bridge.who) : "its file cannot be read";
    return [
      failing(streamChecks.secret, text, "let this tool read the secret, or set CAUSEWAY_XMPP_SECRET_FILE"),
    ];
  }
  const domain = domainOf(bridge, given);
  const options = { domain, service: bridge.serviceOf(domain), secret, signal: screen.signal };
  const checks = await checkStream(options, wants);
  const more = [streamChecks.barrier, streamChecks.second];
  return wants ? checks : [...checks, ...more.map((name) => skipped(name, "give --connect to try it"))];
}

async function checkAll(bridge: Bridge, given: Given, screen: Screen): Promise<readonly Check[]> {
  const domain = domainOf(bridge, given);
  const service = bridge.serviceOf(domain);
  const aws = [...(await checkCalls(bridge)), ...(await queuesOf(bridge)), ...(await checkTable(bridge))];
  const net = await Promise.all([
    checkServerName(service),
    checkPort(service),
    checkCertificate(service),
    checkDomainName(domain),
    checkClock(bridge),
  ]);
  const { check, isUp } = await connectorsOf(bridge, domain);
  const canConnect = net.every(({ level, name }) => level !== "fail" || name === "clock");
  const stream = canConnect
    ? await streamOf(bridge, given, screen, isUp)
    : [skipped(streamChecks.secret, "the server cannot be reached")];
  return [checkVersions(), ...aws, ...net, check, ...stream];
}

function doctorText(checks: readonly Check[]): string {
  const rows = checks.map(({ level, name, text }) => [level, name, text]);
  const fixes = checks.flatMap(({ level, name, fix }) =>
    fix === undefined ? [] : [`${level}  ${name}: ${fix}`],
  );
  const failed = checks.filter(({ level }) => level === "fail").length;
  return [
    columns(rows),
    ...(fixes.length === 0 ? [] : [`What to do:\n${fixes.map((fix) => `  ${fix}`).join("\n")}`]),
    failed === 0 ? "Nothing is broken." : `${plural(failed, "check")} failed.`,
  ].join("\n\n");
}

export const doctor: Command = {
  summary: "checks everything on the way, and says what to do",
  help: `ops doctor [--connect [--yes]]        names, port, certificate, secret, queues, table, permissions, clock, versions

  --connect         also plays the component: proves that a ping is a barrier on this server, and shows what a
                    second connection does. For a moment nobody serves the domain: what comes is answered with
                    recipient-unavailable.
  --yes             with --connect: does so although the bridge's own stream is up, which may cost stanzas

Without --connect the secret is tried only while no stream is up. The secret is read from where it is kept, or from
CAUSEWAY_XMPP_SECRET or the file that CAUSEWAY_XMPP_SECRET_FILE names. Permissions are tried with calls that only
look. Exit code 1 where a check fails.`,
  options: { connect: { type: "boolean" } },
  check: ({ positionals: [first] }) =>
    first === undefined ? undefined : `${first}: this command takes no word`,
  async run(bridge, given, screen) {
    const checks = await checkAll(bridge, given, screen);
    const healthy = checks.every(({ level }) => level !== "fail");
    answer(screen, given, { healthy, checks }, () => doctorText(checks));
    return healthy ? exits.fine : exits.unhealthy;
  },
};

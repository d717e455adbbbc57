/** `ops doctor`: checks everything on the way, one by one, and says what to do. */
import * as v from "valibot";
import { serviceSchema } from "#aws/connections.ts";
import type { Bridge, ConnectorView } from "./bridge.ts";
import { explainFailure, isFailedCall } from "./calls.ts";
import { type Check, failing, fine, skipped } from "./checks.ts";
import { checkCalls, checkClock, checkSpans, checkTable, queueChecks } from "./checks-aws.ts";
import { checkDomain } from "./checks-domain.ts";
import { answer, type Command, Complaint, domainOf, exits, type Given, type Screen } from "./command.ts";
import { readQueues } from "./queue-facts.ts";
import { wordOf } from "./queue-names.ts";
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
    const others = bridge.foreign.map((queue) => skipped(wordOf(queue), "not of this deployment, not read"));
    return [...queueChecks(await readQueues(bridge)), ...others];
  } catch (error) {
    return [failing("queues", explainFailure(error, bridge.who), "see the calls above")];
  }
}

/** Of one domain's server, and sent to no other. */
const ofOneServer = [
  "CAUSEWAY_XMPP_SECRET",
  "CAUSEWAY_XMPP_SECRET_FILE",
  "CAUSEWAY_XMPP_CA",
  "CAUSEWAY_XMPP_CA_FILE",
] as const;

/** The one that was named, or all. */
function domainsMeant(bridge: Bridge, given: Given, env: NodeJS.ProcessEnv): readonly string[] {
  if (given.domain !== undefined) return [domainOf(bridge, given)];
  const set = given.text("service") ? "--service" : ofOneServer.find((name) => env[name]);
  if (bridge.domains.length === 1 || set === undefined) return bridge.domains;
  throw new Complaint(`${set} is of one domain's server: name the domain with --domain`, exits.wrongUsage);
}

/** What connectors say; where they cannot be asked, the calls have told why, and the rest is still looked at. */
function connectorsOf(bridge: Bridge): Promise<readonly ConnectorView[]> {
  return bridge.connectors().catch((error: unknown) => {
    if (isFailedCall(error)) return [];
    throw error;
  });
}

async function checkAll(bridge: Bridge, given: Given, screen: Screen): Promise<readonly Check[]> {
  const domains = domainsMeant(bridge, given, screen.env);
  const aws = [...(await checkCalls(bridge)), ...(await queuesOf(bridge)), ...(await checkTable(bridge))];
  const all = [checkVersions(), ...aws, ...(await checkSpans(bridge)), await checkClock(bridge)];
  const views = await connectorsOf(bridge);
  const how = { connect: given.flag("connect"), yes: given.yes, service: given.text("service") };
  for (const domain of domains) {
    const checks = await checkDomain({ bridge, domain, views, how, screen });
    all.push(...(domains.length === 1 ? checks : checks.map((check) => nameOf(check, domain))));
  }
  return all;
}

/** Of several domains each check says which. */
function nameOf(check: Check, domain: string): Check {
  return check.name.includes(domain) ? check : { ...check, name: `${check.name} (${domain})` };
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
  --service URL     tries this server instead of the deployed one: before a move, xmpps://host:port or xmpp://host:port
  --yes             with --connect: does so although the bridge's own stream is up, which may cost stanzas

Each domain is checked at its own server with its own secret; --domain checks one alone. Without --connect the secret
is tried only while no stream is up. It is read from where it is kept, or from CAUSEWAY_XMPP_SECRET or the file that
CAUSEWAY_XMPP_SECRET_FILE names. Trusted are the authorities that the deployment names, or instead of them those of
CAUSEWAY_XMPP_CA (PEM text) or of the file that CAUSEWAY_XMPP_CA_FILE names. Permissions are tried with calls that only
look: docs/ops.md says which. Exit code 1 where a check fails.`,
  options: { connect: { type: "boolean" }, service: { type: "string" } },
  check({ positionals: [first], text }) {
    if (first !== undefined) return `${first}: this command takes no word`;
    const service = text("service");
    if (service === undefined || v.is(serviceSchema, service)) return undefined;
    return `--service ${service}: give ${v.getDescription(serviceSchema)}`;
  },
  async run(bridge, given, screen) {
    const checks = await checkAll(bridge, given, screen);
    const healthy = checks.every(({ level }) => level !== "fail");
    answer(screen, given, { healthy, checks }, () => doctorText(checks));
    return healthy ? exits.fine : exits.unhealthy;
  },
};

/**
 * What each role may do is what its function does: a bridge does everything there is, with a note of each call, and the
 * notes are compared with the statements of the templates.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { functionNames } from "#infra/definitions/functions.ts";
import { startBridge } from "#local/bridge.ts";
import { bridgeDefaults } from "#local/bridge-options.ts";
import { freePorts } from "#local/free-ports.ts";
import { failAndComeBack, makeFriends, type Stage, setAside, talk, walk } from "#test/harness/every-call.ts";
import { type Engines, startEngines } from "#test/harness/functions.ts";
import { startNativeSide } from "#test/harness/native.ts";
import { grantedTo } from "#test/harness/permissions.ts";
import { startRecordingProxy } from "#test/harness/recording-proxy.ts";
import { connectXmpp } from "#test/harness/xmpp.ts";

let engines: Engines;
let stage: Stage;
const stateDir = mkdtempSync(join(tmpdir(), "causeway-permissions-"));

async function start(): Promise<Stage> {
  engines = await startEngines();
  const sqsProxy = await startRecordingProxy(engines.endpoints.sqs);
  const dynamodbProxy = await startRecordingProxy(engines.endpoints.dynamodb);
  const bridge = await startBridge({
    ...bridgeDefaults,
    // Functions make users known that nobody has announced.
    directory: "open",
    connectors: 2,
    concurrency: 1,
    resync: { pairsPerS: 250, settleS: 1 },
    stateDir,
    ports: await freePorts(),
    sqsEndpoint: sqsProxy.endpoint,
    dynamodbEndpoint: dynamodbProxy.endpoint,
    log: () => {},
  });
  const { endpoints } = bridge;
  const certificate = readFileSync(join(stateDir, "xmpp", "prosody", `${endpoints.xmpp.domain}.crt`), "utf8");
  const alice = await connectXmpp({
    endpoints,
    jid: "alice@localhost",
    password: "alice",
    resource: "test",
    certificate,
  });
  return { bridge, native: startNativeSide(endpoints), alice, sqsProxy, dynamodbProxy, sqs: engines.sqs };
}

describe("permissions", { timeout: 280_000 }, () => {
  before(async () => {
    stage = await start();
    await makeFriends(stage);
    await talk(stage);
    await setAside(stage);
    await failAndComeBack(stage);
    await walk(stage);
  });
  after(async () => {
    await stage?.alice.stop();
    await stage?.native.stop();
    await stage?.bridge.stop();
    await stage?.sqsProxy.close();
    await stage?.dynamodbProxy.close();
    await engines?.stop();
    rmSync(stateDir, { recursive: true });
  });

  for (const name of [...functionNames, "connector"] as const) {
    test(`of ${name} are what it does, and what is more has its reason`, () => {
      const calls = [...stage.sqsProxy.calls, ...stage.dynamodbProxy.calls];
      const used = new Set(
        calls.filter(({ caller }) => caller === name).map(({ action, resource }) => `${action} ${resource}`),
      );
      const { granted, reasons } = grantedTo(name);
      assert.deepEqual(
        [...used].filter((call) => !granted.includes(call)).sort(),
        [],
        "it may not do what it does",
      );
      const withoutUse = granted.filter((call) => !used.has(call) && reasons[call] === undefined);
      assert.deepEqual(withoutUse.sort(), [], "it may do what it never does");
      const stale = Object.keys(reasons).filter((call) => !granted.includes(call));
      assert.deepEqual(stale, [], "there is a reason for what is not permitted");
    });
  }
});

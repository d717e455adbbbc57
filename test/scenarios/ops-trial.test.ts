/**
 * The trial of the operator's tool: a bridge that is well, and five that are broken. Each is diagnosed by `ops`, and
 * once its cause is mended, put right by `ops` alone.
 */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, test } from "node:test";
import { type AttributeValue, GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { userKey } from "#aws/keys.ts";
import { refuse } from "#bench/faults/aws-behaviours.ts";
import { type Call, errorAnswer } from "#bench/faults/aws-call.ts";
import { type AwsProxy, startAwsProxy } from "#bench/faults/aws-proxy.ts";
import { dynamodbClientFor } from "#local/aws-clients.ts";
import { startDynamodbEngine } from "#local/engines/dynamodb.ts";
import { freePort } from "#local/free-ports.ts";
import type { Process } from "#local/process.ts";
import { onEachServer } from "#test/harness/bridge.ts";
import { makeOps } from "#test/harness/ops.ts";
import { chat } from "#test/harness/stanzas.ts";
import type { XmppUser } from "#test/harness/xmpp.ts";

const alice = "alice@localhost";
const nina = "nina@im.localhost";
const secretWords = "nobody but nina and alice may read this";

/** What AWS answers where it refuses. */
const refusals = {
  throttled: refuse(400, "ProvisionedThroughputExceededException"),
  denied: async (call: Call) =>
    errorAnswer(call, 400, "AccessDeniedException", {
      message: `User: arn:aws:sts::000000000000:assumed-role/causeway/session is not authorized to perform: dynamodb:${call.action} on resource: arn:aws:dynamodb:us-east-1:000000000000:table/causeway because no identity-based policy allows it`,
    }),
};

const [enginePort, proxyPort] = [await freePort(), await freePort()];
const engineUrl = `http://127.0.0.1:${enginePort}`;
const folder = mkdtempSync(join(tmpdir(), "causeway-trial-"));
let engine: Process;
let proxy: AwsProxy;
before(async () => {
  const file = join(folder, "causeway.db");
  engine = await startDynamodbEngine({ port: enginePort, file, logFile: join(folder, "dynamodb.log") });
  proxy = await startAwsProxy({ upstream: engineUrl, port: proxyPort });
});
after(async () => {
  await proxy.close();
  await engine.stop(5_000);
  rmSync(folder, { recursive: true });
});

const mendedMsMax = 60_000;

interface Finding {
  readonly level: string;
  readonly text: string;
  readonly next: string;
}
interface Check {
  readonly name: string;
  readonly level: string;
  readonly text: string;
  readonly fix?: string;
}

onEachServer(
  "a bridge in the hands of an operator",
  (scenario) => {
    let client: XmppUser;
    const ops = makeOps(() => scenario.bridge.endpoints);
    const direct = dynamodbClientFor(engineUrl);
    const emit = (type: string, data: object) =>
      scenario.native.emit({ type, data: { user: "nina", ...data } });
    const checksOf = async (...options: string[]): Promise<readonly Check[]> =>
      (await ops.json("doctor", ...options)).checks;
    const untilFound = async (what: RegExp): Promise<Finding> => {
      const deadline = performance.now() + mendedMsMax;
      for (;;) {
        const status = await ops.json("status");
        const findings: readonly Finding[] = status.findings;
        const found = findings.find(({ text }) => what.test(text));
        if (found !== undefined) return found;
        assert.ok(performance.now() < deadline, JSON.stringify(status, undefined, 1));
      }
    };

    /** Puts right what a test that failed has left broken. */
    const cleanUps: (() => Promise<unknown>)[] = [];
    afterEach(async () => {
      proxy.set();
      for (const cleanUp of cleanUps.splice(0)) await cleanUp();
    });
    before(async () => {
      client = await scenario.login("alice");
    });
    after(() => {
      proxy.set();
      direct.destroy();
      ops.stop();
    });

    test("a bridge that is well is said to be well, and nothing of it is private", async () => {
      await client.send(chat(nina, "in-1", secretWords));
      const arrived = await scenario.native.nextOf("message.sent", "nina");
      await emit("message.sent", { contact: alice, id: "out-1", body: secretWords });
      await client.next(({ attrs }) => attrs["id"] === "out-1", "the message");
      const status = await ops.untilFine(mendedMsMax, "status");
      assert.match(status.said, /healthy$/m);
      const doctor = await ops.run("doctor");
      assert.equal(doctor.exit, 0, doctor.said);
      assert.match(doctor.said, /Nothing is broken\./);

      const out = await ops.json("message", "out-1");
      // A function logs when it is done; the connector may have gone on by then.
      const way = out.steps.map(({ part, event }: { part: string; event: string }) => `${part} ${event}`);
      assert.deepEqual(way.sort(), ["connector downlink.routed", "function-native handled"]);
      assert.match(out.now, /server has routed it/);
      const trace = out.steps
        .flatMap(({ ids }: { ids: string[] }) => ids)
        .find((id: string) => /^[0-9a-f]{32}$/.test(id));
      assert.match((await ops.run("message", trace)).said, /server has routed it/);
      const inbound = await ops.run("message", "in-1");
      assert.match(inbound.said, /function-message {2}handled it/);
      assert.match(inbound.said, /native-deliveries/);
      assert.equal((await ops.run("message", "no-such-id")).exit, 1);
      assert.equal(arrived.data["body"], secretWords);
      for (const { said } of [status, doctor, inbound]) assert.ok(!said.includes(secretWords));
    });

    test("a contact who is silent is explained", async () => {
      await emit("contact.requested", { contact: "carol@localhost" });
      const { said } = await ops.untilFine(mendedMsMax, "pair", "nina", "carol@localhost");
      assert.match(said, /carol@localhost/);
      const asked = async () => (await ops.json("pair", "nina", "carol@localhost")).pending;
      while ((await asked()) !== "out");
      const explained = await ops.run("pair", "nina", "carol@localhost");
      assert.match(explained.said, /nina has asked to see carol@localhost, which has not answered/);
      assert.equal((await ops.run("resync", "nina")).exit, 0);
      const [walk] = (await ops.json("resync", "all")).begun;
      assert.equal(walk.domain, "im.localhost");
    });

    test("a wrong secret is named, and its exchange needs no restart", async () => {
      const { secretFile } = scenario.bridge.endpoints.component;
      const right = readFileSync(secretFile, "utf8");
      writeFileSync(secretFile, "wrong");
      const resumed = scenario.bridge.killConnector("SIGTERM");
      const down = await untilFound(/the stream of im\.localhost is down: not-authorized/);
      assert.match(down.next, /secret is not the server's/);
      const refused = (await checksOf()).find(({ name }) => name === "secret");
      assert.equal(refused?.level, "fail");
      assert.match(refused?.text ?? "", /not-authorized/);
      writeFileSync(secretFile, right);
      assert.equal((await ops.untilFine(mendedMsMax, "status")).exit, 0);
      await resumed;
    });

    test("a server that is stopped is named, and the stream is well when it is back", async () => {
      const resume = await scenario.bridge.holdServer();
      const down = await untilFound(/the stream of im\.localhost is down/);
      assert.match(down.next, /runbook\.md#stream-down/);
      const port = (await checksOf()).find(({ name }) => name === "component port");
      assert.equal(port?.level, "fail");
      assert.match(port?.text ?? "", /takes no connection \(ECONNREFUSED\)/);
      assert.match(port?.fix ?? "", /is the XMPP server running/);
      const drained = await ops.run("drain");
      assert.equal(drained.exit, 1);
      assert.match(drained.complained, /^a connector runs \(im\.localhost (connecting|waiting)\)/);
      await resume();
      await ops.untilFine(mendedMsMax, "status");
      client = await scenario.login("alice", "again");
    });

    // For the rest it is the same which server there is.
    if (scenario.server === "prosody") {
      test("poison is shown without what it says, and replayed when its cause is mended", async () => {
        const { pk, sk } = userKey("im.localhost", "nina");
        const key = { TableName: "causeway", Key: { pk: { S: pk }, sk: { S: sk } } };
        const { Item: sound = {} } = await direct.send(new GetItemCommand(key));
        const put = (Item: Record<string, AttributeValue>) =>
          direct.send(new PutItemCommand({ TableName: "causeway", Item }));
        cleanUps.push(() => put(sound));
        await put({ ...sound, presence: { S: "{" } });
        await scenario.bridge.crashFunction("message");
        await client.send(chat(nina, "poison-1", secretWords));
        const { next } = await untilFound(/1 dead letter of message-stanzas/);
        assert.match(next, /ops -- dead-letters list --queue message-stanzas/);

        const [letter] = (await ops.json("dead-letters", "list", "--user", "nina", "--contact", alice))
          .letters;
        assert.equal(letter.reason, "fault");
        assert.equal(letter.about, "poison-1");
        const shown = await ops.run("dead-letters", "show", letter.id);
        assert.ok(!shown.said.includes(secretWords), shown.said);
        const whole = await ops.run("dead-letters", "show", letter.id, "--with-content");
        assert.match(whole.said, new RegExp(`What follows is what people have written[^]*${secretWords}`));
        assert.match(
          (await ops.run("message", "poison-1")).said,
          /It is in the dead letters of message-stanzas, for fault/,
        );

        await put(sound);
        const would = await ops.run("dead-letters", "replay");
        assert.match(would.said, /Would replay these\. Give --yes/);
        assert.equal((await ops.json("dead-letters", "list")).letters.length, 1);
        const replayed = await ops.run("dead-letters", "replay", "--reason", "fault", "--yes");
        assert.match(replayed.said, /^1 letter replayed/);
        const event = await scenario.native.next(({ data }) => data["id"] === "poison-1", "the message");
        assert.equal(event.data["body"], secretWords);
        await ops.untilFine(mendedMsMax, "status");
      });

      test("what can never be handled is dropped, and only what is meant", async () => {
        await scenario.operator.put("nativeEvents", ["no event", "nor this"]);
        await untilFound(/2 dead letters of native-events/);
        const list = ["dead-letters", "list", "--queue", "native-events"];
        const [first, second] = (await ops.json(...list)).letters;
        assert.equal(first.reason, "not-json");
        assert.match((await ops.run("dead-letters", "drop", first.id)).said, /Would drop these/);
        assert.match((await ops.run("dead-letters", "drop", first.id, "--yes")).said, /^1 letter dropped/);
        const left = (await ops.json(...list)).letters;
        assert.deepEqual([left.length, left[0].id], [1, second.id]);
        assert.match((await ops.run("dead-letters", "drop", "--yes")).said, /^1 letter dropped/);
        await ops.untilFine(mendedMsMax, "status");
      });

      for (const [how, named, asked] of [
        [
          "throttled",
          /function-native is throttled by AWS \(ProvisionedThroughputExceededException/,
          /is throttled by AWS/,
        ],
        [
          "denied",
          /function-native may not do what it has to \(AccessDeniedException dynamodb:\w+\)/,
          /this command lacks dynamodb:GetItem on causeway/,
        ],
      ] as const) {
        test(`a table that is ${how} is named, and what waited is done when it is mended`, async () => {
          proxy.set({ on: () => true, does: refusals[how] });
          await emit("presence.changed", { show: how === "throttled" ? "away" : "dnd" });
          const found = await untilFound(named);
          assert.equal(found.level, "fail");
          const failed = (await checksOf()).filter(({ level }) => level === "fail");
          assert.ok(
            failed.some(({ text }) => asked.test(text)),
            JSON.stringify(failed),
          );
          proxy.set();
          await ops.untilFine(mendedMsMax, "status");
          assert.equal((await ops.run("doctor")).exit, 0);
        });
      }
    }

    test("the doctor plays the component while nobody serves the domain", async () => {
      const resume = await scenario.bridge.holdConnector();
      const checks = await checksOf("--connect");
      const levelOf = (name: string) => checks.find((check) => check.name === name)?.level;
      assert.equal(levelOf("secret"), "ok", JSON.stringify(checks));
      assert.equal(levelOf("barrier"), "ok", JSON.stringify(checks));
      assert.equal(levelOf("second connection"), scenario.server === "prosody" ? "ok" : "warn");
      assert.equal(levelOf("connectors"), "fail");
      const drained = await ops.run("drain");
      assert.equal(drained.exit, 0, drained.complained);
      await resume();
      assert.equal((await ops.run("drain")).exit, 1);
      const skipped = (await checksOf("--connect")).find(({ name }) => name === "secret");
      assert.equal(skipped?.level, "skip");
    });
  },
  { dynamodbEndpoint: `http://127.0.0.1:${proxyPort}`, timeoutMs: 600_000 },
);

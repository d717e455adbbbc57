/** The operator's tool on a bridge of two domains: only the one that is named is touched, and none that is not served. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { localRegion } from "#local/aws-clients.ts";
import { domain } from "#test/harness/functions.ts";
import { runHere } from "#test/harness/ops.ts";
import { useEngines } from "#test/harness/use-engines.ts";

const second = "chat.example.net";
const engines = await useEngines({ domains: [domain, second] });
const folder = mkdtempSync(join(tmpdir(), "causeway-ops-domains-"));
const file = join(folder, "endpoints.json");

before(() => {
  const { addresses, endpoints, tableName } = engines;
  const at = { host: "127.0.0.1", port: 1 };
  const sqs = { endpoint: endpoints.sqs, region: localRegion };
  writeFileSync(
    file,
    JSON.stringify({
      component: { ...at, domain, secretFile: join(folder, "none") },
      furtherComponents: [{ ...at, domain: second }],
      sqs: { ...sqs, queues: { ...addresses.urls, deadLetters: addresses.deadLetterUrls } },
      dynamodb: { endpoint: endpoints.dynamodb, table: tableName },
      health: [],
      logs: folder,
    }),
  );
});
after(() => rmSync(folder, { recursive: true }));

const ops = (...args: string[]) => runHere([...args, "--endpoints", file]);

/** A dead letter about a user of each domain, and one of whose item nothing is known. */
async function setAside(): Promise<void> {
  const letter = { reason: "fault", text: "x", at: "2026-11-02T09:30:00.000Z", group: "g" };
  const eventOf = (more: object) => JSON.stringify({ id: "e", data: { user: "nina", ...more } });
  const bodies = { first: eventOf({}), second: eventOf({ domain: second }), none: "{" };
  for (const [cause, body] of Object.entries(bodies)) {
    await engines.queues.setAside("nativeEvents", { ...letter, cause, body });
  }
}

async function causes(...args: string[]): Promise<readonly string[]> {
  const { said, complained } = await ops("dead-letters", "list", "--json", ...args);
  assert.ok(said, complained);
  const { letters } = JSON.parse(said) as { letters: { cause: string }[] };
  return letters.map(({ cause }) => cause).sort();
}

test("dead letters of one domain are listed and dropped alone", async () => {
  await setAside();
  assert.deepEqual(await causes("--domain", domain), ["first"]);
  assert.deepEqual(await causes("--domain", second), ["second"]);
  assert.deepEqual(await causes("--user", "nina"), ["first"]);
  const dropped = await ops("dead-letters", "drop", "--domain", second, "--yes");
  assert.match(dropped.said, /^1 letter dropped/);
  assert.match(dropped.complained, /1 letter of no known domain left out/);
  assert.deepEqual(await causes(), ["first", "none"]);
  const replayed = await ops("dead-letters", "replay", "--domain", second, "--yes");
  assert.match(replayed.said, /^0 letters replayed/);
  assert.deepEqual(await causes(), ["first", "none"]);
});

test("no command does anything about a domain that is not served", async () => {
  const refusal = { exit: 2, said: "", complained: `x.y is not served here: ${domain}, ${second}` };
  for (const args of [
    ["status"],
    ["doctor"],
    ["queues"],
    ["drain"],
    ["message", "m1"],
    ["pair", "nina", "alice@example.org"],
    ["dead-letters", "list"],
    ["resync", "all"],
    ["resync", "nina"],
    ["policy", "show"],
  ]) {
    assert.deepEqual(await ops(...args, "--domain", "x.y"), refusal, args.join(" "));
  }
});

test("a walk through everything is begun for no other domain than the one that is named", async () => {
  for (const scope of ["all", domain]) {
    const { exit, complained } = await ops("resync", scope, "--domain", second);
    assert.equal(exit, 2);
    assert.match(complained, new RegExp(`^${scope} or --domain ${second}\\?`));
  }
  const { said } = await ops("resync", second, "--domain", second);
  assert.match(said, /^1 walk begun: chat\.example\.net/);
});

test("a policy that loses a domain is shown as it was and as it would be, and set with --yes alone", async () => {
  const set = (...args: string[]) => ops("policy", "set", ...args);
  const shown = async () => JSON.parse((await ops("policy", "show", "--json")).said);
  const added = await set("--deny", "a.example,b.example");
  assert.equal(added.exit, 0);
  assert.match(added.said, /denied domains {3}none → a\.example, b\.example/);

  const refused = await set("--deny", "b.example");
  assert.equal(refused.exit, 1);
  assert.match(refused.said, /denied domains {3}a\.example, b\.example → b\.example/);
  assert.match(refused.said, /takes away a\.example.*--yes/);
  assert.deepEqual((await shown()).deny, ["a.example", "b.example"]);
  const told = JSON.parse((await set("--deny", "none", "--json")).said);
  assert.deepEqual([told.done, told.takesAway, told.deny], [false, ["a.example", "b.example"], []]);

  assert.equal((await set("--deny", "b.example", "--yes")).exit, 0);
  assert.equal((await set("--allow", "c.example")).exit, 0);
  assert.match((await set("--allow", "any")).said, /takes away c\.example/);
  assert.equal((await set("--strangers", "ask")).exit, 0);
  const { deny, allow, strangers } = await shown();
  assert.deepEqual([deny, allow, strangers], [["b.example"], ["c.example"], "ask"]);
});

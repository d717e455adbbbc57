import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { allCapabilities } from "#core/capabilities.ts";
import { readStartOptions } from "#local/options.ts";
import { defaultPorts } from "#local/ports.ts";

const read = (...args: string[]) => readStartOptions(args, "/repository");

function refusal(...args: string[]): string {
  const result = read(...args);
  assert.equal(result.ok, false);
  return result.error;
}

test("without options: Prosody, the documented ports, state in .local", () => {
  assert.deepEqual(read(), {
    ok: true,
    value: {
      server: "prosody",
      ports: defaultPorts,
      connectors: 1,
      stateDir: "/repository/.local",
      fresh: false,
      trace: false,
      status: false,
      help: false,
    },
  });
});

test("an offset moves every port, and a port chosen by hand stays where it was put", () => {
  const result = read("--port-offset", "100", "--sqs-port", "9999");
  assert.ok(result.ok);
  assert.deepEqual(result.value.ports, {
    xmpp: 5322,
    component: 5447,
    http: 5380,
    sqs: 9999,
    dynamodb: 8100,
    page: 8180,
    health: 8181,
    standby: 8182,
  });
});

test("what makes no sense is refused by the name of the option", () => {
  assert.match(refusal("--server", "exim"), /--server must be prosody or ejabberd/);
  assert.match(refusal("--xmpp-port", "http"), /--xmpp-port must be a port number/);
  assert.match(refusal("--xmpp-port", "65536"), /--xmpp-port must be a port number/);
  assert.match(refusal("--port-offset", "-1"), /port-offset/);
  assert.match(refusal("--port-offset", "60000"), /smaller --port-offset/);
  assert.match(refusal("--xmpp-port", "8000"), /8000 is wanted twice/);
  assert.match(refusal("--connectors", "3"), /--connectors must be 1 or 2/);
  assert.match(refusal("surplus"), /surplus/);
});

test("component domains are named one by one or in a list, prepared", () => {
  const expected = { componentDomain: "im.localhost", furtherDomains: [{ domain: "chat.localhost" }] };
  for (const args of [
    ["--component-domain", "IM.localhost", "--component-domain", "chat.localhost"],
    ["--component-domain", "im.localhost,chat.localhost"],
  ]) {
    const result = read(...args);
    assert.ok(result.ok);
    assert.partialDeepStrictEqual(result.value, expected);
  }
  const one = read("--component-domain", "chat.localhost");
  assert.ok(one.ok);
  assert.deepEqual([one.value.componentDomain, one.value.furtherDomains], ["chat.localhost", undefined]);
  assert.equal(
    refusal("--component-domain", "im.localhost,IM.localhost"),
    '--component-domain: "im.localhost,IM.localhost" cannot be served: im.localhost is in it twice, name each domain once',
  );
  assert.match(refusal("--component-domain", "im.localhost,"), /entry 2 is empty/);
  assert.match(refusal("--component-domain", "localhost"), /the domain of the accounts/);
});

test("capabilities come from a file, and what is wrong with it is said", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "causeway-options-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = join(folder, "capabilities.json");
  writeFileSync(file, '{ "typing": false }\n');
  const result = read("--capabilities", file);
  assert.ok(result.ok);
  assert.deepEqual(result.value.capabilities, { ...allCapabilities, typing: false });
  writeFileSync(file, '{ "typing": "no" }');
  assert.equal(
    refusal("--capabilities", file),
    `--capabilities: ${file}: typing is "no": set it to true or false; see docs/capabilities.md`,
  );
  assert.match(refusal("--capabilities", "gone.json"), /: \/repository\/gone\.json cannot be read/);
});

test("traces are shown where they are asked for", () => {
  const result = read("--trace");
  assert.ok(result.ok);
  assert.equal(result.value.trace, true);
});

/** `npm run policy`: its command line, and what it makes of a policy. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { openPolicy } from "#core/policy.ts";
import { changed, helpOf, readOptions } from "#local/policy/options.ts";

const changeOf = (...args: string[]) => {
  const options = readOptions(["set", ...args]);
  assert.ok(options.ok && options.value !== "help");
  return options.value.change ?? assert.fail("no change");
};

test("the command takes every option that the help names, and no other", () => {
  const named = [...helpOf("npm run policy --").matchAll(/^ {2}(--[a-z-]+)/gm)].map(([, name]) => name);
  const expected = [
    "--deny",
    "--allow",
    "--yes",
    "--strangers",
    "--domain",
    "--endpoints",
    "--profile",
    "--region",
    "--json",
    "--help",
  ];
  assert.deepEqual(named, expected);
  const nowhere = { profile: undefined, region: undefined };
  const shown = {
    endpoints: "x.json",
    ...nowhere,
    domain: "im.example.com",
    change: undefined,
    yes: false,
    json: true,
  };
  const read = readOptions(["show", "--endpoints", "x.json", "--domain", "IM.example.com", "--json"]);
  assert.deepEqual(read, { ok: true, value: shown });
  assert.deepEqual(readOptions(["-h"]), { ok: true, value: "help" });
});

test("the command says what is wrong", () => {
  for (const [args, complaint] of [
    [[], /^nothing is no command: give show or set$/],
    [["drop"], /^drop is no command/],
    [["show", "set"], /^show set is no command/],
    [["set"], /^nothing to set: give --deny/],
    [["show", "--deny", "a.example"], /^show changes nothing: give set$/],
    [["set", "--deny", "a b"], /^--deny: "a b": .*; none empties the list$/],
    [["set", "--allow", ""], /^--allow: "": .*; any empties the list$/],
    [["set", "--strangers", "write"], /^--strangers is write: give nothing, ask, message$/],
    [["set", "--deny", "a.example", "--domain", "a b"], /^--domain: /],
    [["set", "--all"], /^--all is no option here$/],
    [["set", "--deny", Array.from({ length: 1_001 }, (_, n) => `d${n}.example`).join()], /1000 are the most/],
  ] as const) {
    const options = readOptions(args);
    assert.ok(!options.ok, args.join(" "));
    assert.match(options.error, complaint);
  }
});

test("what is named changes, prepared and once; the rest stays", () => {
  const one = changed(openPolicy, changeOf("--deny", "Evil.example, evil.example,b\u00fccher.example"));
  assert.deepEqual(one, { deny: ["evil.example", "b\u00fccher.example"], strangers: "message" });
  const two = changed(one, changeOf("--allow", "good.example", "--strangers", "ask"));
  assert.deepEqual(two, { ...one, allow: ["good.example"], strangers: "ask" });
  assert.deepEqual(changed(two, changeOf("--allow", "any")), { ...one, strangers: "ask" });
  assert.deepEqual(changed(two, changeOf("--deny", "none")), { ...two, deny: [] });
});

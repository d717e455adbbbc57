import assert from "node:assert/strict";
import { test } from "node:test";
import { helpText, readOptions } from "#bench/options.ts";

const known = ["connector", "soak"];

function read(...args: string[]) {
  const options = readOptions(args, known);
  assert.ok(options.ok && options.value !== "help");
  return options.value;
}

test("without arguments everything is measured, with the defaults", () => {
  assert.deepEqual(read(), {
    names: [],
    servers: ["prosody"],
    runs: 5,
    quick: false,
    subscribers: 100_000,
    pairs: 10_000,
    soakMinutes: 10,
  });
});

test("what is chosen is taken", () => {
  const args = [
    "soak",
    "--server",
    "both",
    "--runs",
    "7",
    "--rate",
    "300",
    "--minutes",
    "2",
    "--json",
    "f.json",
  ];
  const { names, servers, runs, soakPerS, soakMinutes, json } = read(...args);
  assert.deepEqual(names, ["soak"]);
  assert.deepEqual(servers, ["prosody", "ejabberd"]);
  assert.deepEqual([runs, soakPerS, soakMinutes, json], [7, 300, 2, "f.json"]);
});

test("a quick look needs no repetition unless it is asked for", () => {
  assert.equal(read("--quick").runs, 1);
  assert.equal(read("--quick", "--runs", "3").runs, 3);
});

for (const [args, complaint] of [
  [["speed"], /no bench is called speed: connector, soak/],
  [["--server", "openfire"], /--server takes prosody, ejabberd or both, not openfire/],
  [["--runs", "0"], /--runs takes a whole number, 1 to 1000000, not 0/],
  [["--rate", "fast"], /--rate takes a whole number/],
  [["--fast"], /--fast/],
] as const) {
  test(`${args.join(" ")} is refused with the way out`, () => {
    const options = readOptions(args, known);
    assert.ok(!options.ok);
    assert.match(options.error, complaint);
  });
}

test("the help names every bench", () => {
  assert.deepEqual(readOptions(["-h"], known), { ok: true, value: "help" });
  const help = helpText({ connector: "compares", soak: "lasts" });
  for (const word of ["connector", "compares", "soak", "lasts", "--quick"])
    assert.ok(help.includes(word), word);
});

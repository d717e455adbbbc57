import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { catalogue } from "#bench/faults/catalogue.ts";
import { marksIn, markText } from "#bench/faults/marks.ts";
import { readFaultsOptions } from "#bench/faults/options.ts";
import { makeRandom } from "#bench/faults/random.ts";

function read(...args: string[]) {
  const options = readFaultsOptions(args);
  assert.ok(options.ok && typeof options.value !== "string");
  return options.value;
}

describe("npm run faults", () => {
  test("runs everything on both servers unless told otherwise", () => {
    const { faults, servers, messages, pairs } = read();
    assert.deepEqual([faults, servers, messages, pairs], [catalogue, ["prosody", "ejabberd"], 20_000, 200]);
    const some = read(
      "--only",
      "link-slow,server-kill",
      "--server",
      "ejabberd",
      "--rate",
      "50",
      "--seed",
      "0",
    );
    assert.deepEqual(some.faults.map(({ name }) => name).sort(), ["link-slow", "server-kill"]);
    assert.deepEqual([some.servers, some.ratePerS, some.seed], [["ejabberd"], 50, 0]);
  });

  for (const [args, error] of [
    [["--only", "no-such"], /--only: no fault is called no-such/],
    [["--only", ""], /no fault is called nothing/],
    [["--server", "openfire"], /--server takes prosody, ejabberd or both/],
    [["--pairs", "15"], /--pairs takes a multiple of 10/],
    [["--messages", "many"], /--messages takes a whole number/],
    [["--rate", "0"], /--rate takes a whole number, 1 to/],
    [["--seed", "-1"], /seed/],
    [["--unknown"], /unknown/],
  ] as const) {
    test(`says what is wrong with ${args.join(" ")}`, () => {
      const options = readFaultsOptions(args);
      assert.ok(!options.ok);
      assert.match(options.error, error);
    });
  }

  test("calls each fault by a name of its own", () => {
    const names = catalogue.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length);
    for (const name of names) assert.match(name, /^[a-z]+(-[a-z]+)*$/);
  });

  test("has the same numbers for the same seed", () => {
    const take = (seed: number) => {
      const random = makeRandom(seed);
      return Array.from({ length: 1_000 }, random);
    };
    assert.deepEqual(take(7), take(7));
    assert.notDeepEqual(take(7), take(8));
    assert.ok(take(7).every((value) => value >= 0 && value < 1));
    assert.ok(Math.abs(take(7).reduce((sum, value) => sum + value, 0) / 1_000 - 0.5) < 0.05);
  });
});

test("a message's mark is found in whatever holds it, once", () => {
  const first = { direction: "out", user: "n3", account: "u12", sequence: 40 } as const;
  const second = { direction: "in", user: "n0", account: "u1", sequence: 0 } as const;
  const text = `{"id":"${markText(first)}","body":"message ${markText(first)}","xml":"<a id='${markText(second)}'/>"}`;
  assert.deepEqual(marksIn(text), [first, second]);
  assert.deepEqual(marksIn("im.example.com, in.n1.u2.x, spin.n1.u2.3"), []);
});

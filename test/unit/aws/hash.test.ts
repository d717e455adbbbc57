import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { hashId, laneOf, nativeEventsGroup, pairGroup, userGroup } from "#aws/hash.ts";

const text = fc.string({ unit: "binary" });

test("any ids make a group that SQS takes, and different ids different ones", () => {
  fc.assert(
    fc.property(fc.array(text), fc.array(text), (a, b) => {
      assert.match(hashId(...a), /^[\w-]{32}$/);
      if (JSON.stringify(a) !== JSON.stringify(b)) assert.notEqual(hashId(...a), hashId(...b));
    }),
  );
});

test("neighbouring parts never run together", () => {
  assert.notEqual(hashId("a", "bc"), hashId("ab", "c"));
  assert.notEqual(hashId("a", ""), hashId("a"));
  assert.notEqual(hashId("1:a"), hashId("a"));
});

test("a pair's group depends on domain, user and contact, and is no user's", () => {
  const groups = [
    pairGroup("d", "u", "c"),
    pairGroup("e", "u", "c"),
    pairGroup("d", "v", "c"),
    pairGroup("d", "u", "b"),
    userGroup("d", "u"),
    userGroup("e", "u"),
    userGroup("d", "v"),
  ];
  assert.equal(new Set(groups).size, groups.length);
});

test("a lane is one of those there are, and all are used", () => {
  const lanes = Array.from({ length: 500 }, (_, n) => laneOf(["im.example.com", "nina", `c${n}@x`], 8));
  assert.deepEqual([...new Set(lanes)].sort(), [0, 1, 2, 3, 4, 5, 6, 7]);
});

test("the group of native events is the user, else its SHA-256 in hex", () => {
  for (const user of ["nina", "a".repeat(128), "x!~"]) assert.equal(nativeEventsGroup(user), user);
  // printf ü | sha256sum
  assert.equal(nativeEventsGroup("ü"), "607474ca475a9724d7360aba71a56d5df77e61350e3f724cfa1f46e857e2d85f");
  for (const user of ["a b", "", "a".repeat(129), "日本"])
    assert.match(nativeEventsGroup(user), /^[0-9a-f]{64}$/);
});

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  addressKey,
  availabilityKey,
  type Key,
  readContactKey,
  readSubscriberKey,
  readUserPartition,
  subscriberKey,
  subscriptionKey,
  userKey,
  userPrefix,
} from "#aws/keys.ts";
import { limits } from "#core/limits.ts";
import { utf8Bytes } from "#core/xmpp/utf8.ts";

const domain = "im.example.com";

const fits = ({ pk, sk }: Key) =>
  utf8Bytes(pk) <= limits.partitionKeyBytesMax && utf8Bytes(sk) <= limits.sortKeyBytesMax;

const pairKeys = [subscriptionKey, availabilityKey, subscriberKey];

describe("what is short enough is its own key, as it always was", () => {
  test("with the separator escaped", () => {
    const pk = "user#im.example.com#ni%23na%25";
    const sk = "contact#al%23ice@example.org#";
    const [user, contact] = ["ni#na%", "al#ice@example.org"];
    assert.deepEqual(subscriptionKey(domain, user, contact), { pk, sk: `${sk}subscription` });
    assert.deepEqual(availabilityKey(domain, user, contact), { pk, sk: `${sk}availability` });
    assert.deepEqual(userKey(domain, user), { pk, sk: "profile" });
    const subscriber = subscriberKey(domain, user, contact);
    assert.equal(subscriber.pk, "subscribers#im.example.com#ni%23na%25");
    assert.match(subscriber.sk, /^0[0-9a-f]#al%23ice@example\.org$/);
    assert.deepEqual(addressKey(domain, "ni#na"), { pk: "address#im.example.com#ni%23na", sk: "address" });
  });

  test("up to the last byte that DynamoDB takes", () => {
    // `contact#` and `#subscription` take 21 of the 1,024 bytes, `user#im.example.com#` 20 of the 2,048.
    const longest = subscriptionKey(domain, "u".repeat(2_028), "c".repeat(1_003));
    assert.deepEqual([utf8Bytes(longest.pk), utf8Bytes(longest.sk)], [2_048, 1_024]);
    assert.equal(longest.beside, undefined);
    assert.ok(longest.sk.includes("c".repeat(1_003)));
    const longer = subscriptionKey(domain, "u".repeat(2_029), "c".repeat(1_004));
    assert.deepEqual(longer.beside, { fullUser: "u".repeat(2_029), fullContact: "c".repeat(1_004) });
  });
});

describe("what is too long is shortened", () => {
  /** Alike for long, so that only the hashes differ; with what is escaped, and with characters of many bytes. */
  const text = fc
    .tuple(
      fc.constantFrom("a", "#", "%", "%~", "ü", "漢", "😀", "\n"),
      fc.nat(2_100),
      fc.string({ unit: "binary", maxLength: 3 }),
    )
    .map(([unit, times, end]) => unit.repeat(times) + end);

  test("to keys that fit, from which what was stored beside them is read back", () => {
    fc.assert(
      fc.property(text, text, (user, contact) => {
        for (const key of pairKeys.map((keyOf) => keyOf(domain, user, contact))) {
          assert.ok(fits(key), `${utf8Bytes(key.pk)} and ${utf8Bytes(key.sk)} bytes`);
          assert.equal(readUserPartition(key.pk, key.beside?.fullUser), user);
          const isSubscriber = key.pk.startsWith("subscribers#");
          const { fullContact } = key.beside ?? {};
          const read = isSubscriber
            ? readSubscriberKey(key.sk, fullContact)
            : readContactKey(key.sk, fullContact).contact;
          assert.equal(read, contact);
        }
        assert.ok(subscriptionKey(domain, user, contact).pk.startsWith(userPrefix(domain)));
        assert.equal(subscriptionKey(domain, user, contact).pk, userKey(domain, user).pk);
        assert.ok(fits(addressKey(domain, user)));
      }),
    );
  });

  test("never two to one key", () => {
    fc.assert(
      fc.property(text, text, text, text, (userA, contactA, userB, contactB) => {
        const isSame = userA === userB && contactA === contactB;
        for (const keyOf of pairKeys) {
          const [a, b] = [keyOf(domain, userA, contactA), keyOf(domain, userB, contactB)];
          assert.equal(a.pk === b.pk && a.sk === b.sk, isSame);
        }
      }),
    );
  });

  test("with the two items of a pair next to each other, and their kinds told apart", () => {
    const contact = `${"x".repeat(1_023)}@${"y".repeat(1_023)}`;
    const [a, b] = [availabilityKey(domain, "nina", contact), subscriptionKey(domain, "nina", contact)];
    assert.equal(readContactKey(a.sk).kind, "availability");
    assert.equal(readContactKey(b.sk).kind, "subscription");
    assert.equal(a.sk.replace("availability", ""), b.sk.replace("subscription", ""));
    assert.match(a.sk, /^contact#x{64}%~[\w-]{32}#availability$/);
  });
});

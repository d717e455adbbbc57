/** What a line of an imported file says, and the event that it becomes. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { parseUserId } from "#core/mapping.ts";
import { pairEvent, pairMessage } from "#local/import/pair-event.ts";
import { describeProblem } from "#local/import/problem.ts";
import { type Format, formatOf, type ImportedPair, isJsonList, readLine } from "#local/import/read-line.ts";

const domain = "im.example.com";

function pairOf(text: string, format: Format): ImportedPair {
  const read = readLine(text, format, [domain]);
  assert.ok(read.ok, read.ok ? "" : read.error.text);
  assert.ok(read.value !== undefined, "the line says nothing");
  return read.value;
}

function saysNothing(text: string, format: Format): boolean {
  const read = readLine(text, format, [domain]);
  return read.ok && read.value === undefined;
}

function complaintOf(text: string, format: Format): string {
  const read = readLine(text, format, [domain]);
  assert.ok(!read.ok);
  return describeProblem({ number: 7, problem: read.error });
}

const ninaAndAlice = { user: "nina", contact: "alice@example.org", subscription: "both" };

describe("a line", () => {
  test("is read as JSON, whatever else it holds", () => {
    const text = '{"nick":"Ali","subscription":"both","contact":"Alice@Example.org","user":"nina","x":[1]}';
    assert.deepEqual(pairOf(text, "ndjson"), ninaAndAlice);
  });

  test("is read as CSV, with blanks, quotes and more columns", () => {
    for (const text of [
      "nina,alice@example.org,both",
      " nina , alice@example.org ,both ,Ali,",
      '"nina","alice@example.org", "both" ,"a, ""b"""',
    ]) {
      assert.deepEqual(pairOf(text, "csv"), ninaAndAlice, text);
    }
  });

  test("keeps blanks, commas and quotes of a quoted user", () => {
    assert.equal(pairOf('" o\'neil, ""x"" ",bob@example.org,from', "csv").user, ' o\'neil, "x" ');
  });

  test("names any user that can be one, in both formats", () => {
    const users = fc
      .string({ unit: "binary", minLength: 1, maxLength: 60 })
      .filter((user) => parseUserId(user).ok);
    fc.assert(
      fc.property(users, (user) => {
        const json = JSON.stringify({ ...ninaAndAlice, user });
        assert.equal(pairOf(json, "ndjson").user, user);
        fc.pre(!/[\r\n]/.test(user));
        assert.equal(pairOf(`"${user.replaceAll('"', '""')}",a@example.org,to`, "csv").user, user);
      }),
    );
  });

  test("says nothing when it is blank, a comment or a header", () => {
    for (const format of ["csv", "ndjson"] as const) {
      for (const text of ["", "  \t", "# line 3: contact: is missing"])
        assert.ok(saysNothing(text, format), text);
    }
    assert.ok(saysNothing("User, contact,SUBSCRIPTION,nick", "csv"));
    assert.ok(!saysNothing("#nina,alice@example.org,both", "csv"), "a user may begin with a number sign");
  });

  test("tells the format of the file", () => {
    assert.equal(formatOf('  {"user":'), "ndjson");
    assert.equal(formatOf("user,contact,subscription"), "csv");
    assert.ok(isJsonList("["));
    assert.ok(isJsonList(' [{"user":"nina"},'));
    assert.ok(!isJsonList("[nina],alice@example.org,both"));
  });
});

describe("a line that cannot be used is told with number, field and what to write", () => {
  const cases: readonly (readonly [Format, string, RegExp])[] = [
    [
      "csv",
      "nina,alice@example.org/phone,both",
      /^line 7: contact: .*resource.*: write a bare JID, like alice@/,
    ],
    ["csv", "nina,@,both", /^line 7: contact: /],
    ["csv", `nina,bob@${domain},both`, /^line 7: contact: .*native system itself.*leave it out$/],
    ["csv", "nina,alice@example.org,none", /^line 7: subscription: must be one of to, from, both;/],
    ["csv", "nina,alice@example.org", /^line 7: subscription: is missing: write nina,/],
    ["csv", ",alice@example.org,to", /^line 7: user: is missing/],
    ["csv", `${"n".repeat(1024)},alice@example.org,to`, /^line 7: user: .*1023 bytes/],
    ["csv", "nina;alice@example.org;to", /^line 7: has no commas/],
    ["csv", 'nina,"alice@example.org,to', /^line 7: has a quote/],
    ["csv", 'nina,al"ice"@example.org,to', /^line 7: has a quote/],
    ["ndjson", "nina,alice@example.org,both", /^line 7: is no JSON object: write one a line, like \{/],
    ["ndjson", '{"user":"nina",', /^line 7: is no JSON object/],
    ["ndjson", "[]", /^line 7: is no JSON object/],
    ["ndjson", '{"contact":"alice@example.org","subscription":"to"}', /^line 7: user: is missing: write \{/],
    ["ndjson", '{"user":17,"contact":"a@example.org","subscription":"to"}', /^line 7: user: is no text/],
    ["ndjson", '{"user":"a\\u0000","contact":"a@example.org","subscription":"to"}', /^line 7: user: .*XML/],
  ];
  for (const [format, text, expected] of cases) {
    test(`${format}: ${text.length > 60 ? `${text.slice(0, 20)}…` : text}`, () => {
      assert.match(complaintOf(text, format), expected);
    });
  }

  test("but never throws, whatever it holds", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.constantFrom<Format>("csv", "ndjson"), (text, format) => {
        readLine(text, format, [domain]);
      }),
    );
  });
});

describe("the event of a pair", () => {
  const origin = { domain: undefined, time: "2026-11-02T09:30:00.000Z" };
  const pair = (subscription: string, user = "nina") =>
    pairOf(JSON.stringify({ ...ninaAndAlice, user, subscription }), "ndjson");
  const accepted = (subscription: string) => {
    const event = readNativeEvent(pairMessage(pair(subscription), origin).body, [domain]);
    assert.ok(event.ok, event.ok ? "" : event.error.text);
    return { type: event.value.type, ...event.value.data };
  };

  test("is one that the bridge accepts, and says what the subscription needs", () => {
    const who = { domain, user: "nina", contact: "alice@example.org" };
    assert.deepEqual(accepted("to"), { type: "contact.requested", ...who, mutual: false });
    assert.deepEqual(accepted("both"), { type: "contact.requested", ...who, mutual: true });
    assert.deepEqual(accepted("from"), {
      type: "contact.accepted",
      ...who,
      mutual: false,
      preApprove: true,
    });
  });

  test("is the same for the same pair, and another for every other", () => {
    const ids = [
      pairEvent(pair("to"), origin),
      pairEvent(pair("from"), origin),
      pairEvent(pair("to", "nin"), origin),
      pairEvent(pair("to"), { ...origin, domain: "im.example.net" }),
    ].map(({ id }) => id);
    assert.equal(new Set(ids).size, ids.length);
    assert.deepEqual(pairEvent(pair("to"), origin), pairEvent(pair("to"), origin));
    assert.equal(pairMessage(pair("to"), origin).dedup, ids[0]);
  });

  test("goes into its user's group, and names the domain where one is given", () => {
    const { group, body } = pairMessage(pair("to"), { ...origin, domain: "im.example.net" });
    assert.equal(group, "nina");
    assert.equal(JSON.parse(body).data.domain, "im.example.net");
  });
});

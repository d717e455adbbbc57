import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readNativeEvent } from "#core/contract/read-native-event.ts";
import { parseUserId } from "#core/mapping.ts";
import { parseBareJid } from "#core/xmpp/jid.ts";
import { type Command, parseLine } from "#local/native/commands.ts";
import { readOptions } from "#local/native/options.ts";
import { announcement, eventFor } from "#local/native/outgoing.ts";

const parsedAlice = parseBareJid("alice@localhost");
const parsedNina = parseUserId("nina");
assert.ok(parsedAlice.ok && parsedNina.ok);
const alice = parsedAlice.value;
const nina = parsedNina.value;
const stamp = { id: "e1", time: "2026-11-02T09:30:00.000Z" };

const talk = { mine: "m1", theirs: { id: "a1", originId: "o1", text: "Where?" } };

function commandOf(line: string): Command {
  const command = parseLine(line, alice);
  assert.ok(command.ok, command.ok ? "" : command.error);
  return command.value;
}

function complaintOf(line: string, current: typeof alice | undefined = alice): string {
  const command = parseLine(line, current);
  assert.ok(!command.ok);
  return command.error;
}

test("plain text goes to the current contact as it was typed", () => {
  assert.deepEqual(commandOf("  hello /there "), { kind: "say", text: "  hello /there ", contact: alice });
});

test("text with two slashes loses one, and /me stays", () => {
  assert.deepEqual(commandOf("//to bob"), { kind: "say", text: "/to bob", contact: alice });
  assert.deepEqual(commandOf("/me waves"), { kind: "say", text: "/me waves", contact: alice });
});

test("plain text without a contact says how to choose one", () => {
  for (const line of ["hello", "//x"]) {
    const command = parseLine(line, undefined);
    assert.ok(!command.ok);
    assert.match(command.error, /\/to/);
  }
});

test("an empty line does nothing", () => {
  for (const line of ["", "   ", "\t"]) assert.deepEqual(commandOf(line), { kind: "nothing" });
});

test("/to chooses a contact, prepared", () => {
  assert.deepEqual(commandOf("/to Bob@LOCALHOST"), { kind: "to", contact: "bob@localhost" });
});

test("/presence takes a show and a status of any words", () => {
  assert.deepEqual(commandOf("/presence away"), { kind: "presence", show: "away" });
  assert.deepEqual(commandOf("/presence dnd in  a meeting "), {
    kind: "presence",
    show: "dnd",
    status: "in  a meeting",
  });
  for (const line of ["/presence", "/presence busy"]) assert.match(complaintOf(line), /one of online, chat/);
});

test("/add takes a contact and a note", () => {
  assert.deepEqual(commandOf("/add bob@localhost"), { kind: "add", contact: "bob@localhost" });
  assert.deepEqual(commandOf("/add bob@localhost hello there"), {
    kind: "add",
    contact: "bob@localhost",
    note: "hello there",
  });
});

test("/accept, /decline and /remove mean the current contact where they name none", () => {
  for (const kind of ["accept", "decline", "remove"] as const) {
    assert.deepEqual(commandOf(`/${kind}`), { kind, contact: alice });
    assert.deepEqual(commandOf(`/${kind} bob@localhost`), { kind, contact: "bob@localhost" });
    const without = parseLine(`/${kind}`, undefined);
    assert.ok(!without.ok);
  }
});

test("/to and /add always need a contact", () => {
  for (const line of ["/to", "/add"]) assert.match(complaintOf(line), /needs a contact/);
});

test("what is no contact is refused with the reason", () => {
  for (const line of ["/to @", "/add a@b/c", "/accept alice@"])
    assert.match(complaintOf(line), /is no contact: /);
});

test("/roster, /help and /quit stand alone", () => {
  for (const kind of ["roster", "help", "quit"] as const) assert.deepEqual(commandOf(`/${kind}`), { kind });
});

test("/reply and /edit take a text as it is, /react emoji, /typing a state", () => {
  assert.deepEqual(commandOf("/reply  two  words "), { kind: "reply", text: "two  words", contact: alice });
  assert.deepEqual(commandOf("/edit //x"), { kind: "edit", text: "//x", contact: alice });
  assert.deepEqual(commandOf("/react 👍  🎉 👍"), { kind: "react", emojis: ["👍", "🎉"], contact: alice });
  assert.deepEqual(commandOf("/typing gone"), { kind: "typing", state: "gone", contact: alice });
  for (const line of ["/reply", "/edit "]) assert.match(complaintOf(line), /needs a text/);
  for (const line of ["/retract now", "/read all"]) assert.match(complaintOf(line), /stands alone/);
  assert.match(complaintOf("/typing fast"), /one of active, composing/);
  for (const line of ["/reply x", "/retract", "/read"]) {
    const without = parseLine(line, undefined);
    assert.ok(!without.ok);
    assert.match(without.error, /\/to/);
  }
});

test("what is said of a message names the last one; without one it says so", () => {
  const dataOf = (line: string) => {
    const event = eventFor(commandOf(line), nina, stamp, talk);
    assert.ok(event.ok);
    const { user: _, contact: __, ...data } = event.value?.data ?? {};
    return data;
  };
  const replyTo = { id: "a1", originId: "o1", author: "contact", quote: "Where?" };
  assert.deepEqual(dataOf("/reply here"), { id: "e1", body: "here", replyTo });
  assert.deepEqual(dataOf("/edit there"), { id: "e1", replaces: "m1", body: "there" });
  assert.deepEqual(dataOf("/retract"), { id: "m1" });
  assert.deepEqual(dataOf("/react 👍"), { id: "a1", originId: "o1", emojis: ["👍"] });
  assert.deepEqual(dataOf("/read"), { id: "a1" });
  for (const line of ["/reply x", "/edit x", "/retract", "/react", "/read"]) {
    assert.equal(eventFor(commandOf(line), nina, stamp).ok, false);
  }
});

test("an unknown command is named", () => {
  assert.equal(complaintOf("/dance now"), "there is no command /dance; /help lists them");
});

test("no line makes the parser throw", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map((text) => `/${text}`),
      ),
      (line) => {
        const command = parseLine(line, alice);
        assert.ok(command.ok || command.error.length > 0);
      },
    ),
  );
});

test("every command that sends makes an event that the bridge accepts", () => {
  const lines = {
    hello: "message.sent",
    "/presence away lunch": "presence.changed",
    "/presence online": "presence.changed",
    "/add bob@localhost hi": "contact.requested",
    "/accept bob@localhost": "contact.accepted",
    "/decline": "contact.declined",
    "/remove": "contact.removed",
    "/roster": "roster.requested",
    "/reply  so it is": "message.sent",
    "/edit so it was": "message.edited",
    "/retract": "message.retracted",
    "/react 👍 🎉 👍": "message.reacted",
    "/react": "message.reacted",
    "/read": "message.displayed",
    "/typing composing": "typing.changed",
  };
  for (const [line, type] of Object.entries(lines)) {
    const event = eventFor(commandOf(line), nina, stamp, talk);
    assert.ok(event.ok, line);
    const read = readNativeEvent(JSON.stringify(event.value), ["im.localhost"]);
    assert.ok(read.ok, read.ok ? "" : `${line}: ${read.error.text}`);
    assert.equal(read.value.type, type);
    assert.equal(read.value.data.user, "nina");
  }
  const announced = readNativeEvent(JSON.stringify(announcement(nina, stamp)), ["im.localhost"]);
  assert.ok(announced.ok && announced.value.type === "user.updated");
});

test("what is said leaves with its text, its contact and the event's id", () => {
  const event = eventFor(commandOf("hi <there> 😀"), nina, stamp);
  assert.ok(event.ok);
  assert.deepEqual(event.value?.data, {
    user: "nina",
    contact: "alice@localhost",
    id: "e1",
    body: "hi <there> 😀",
  });
});

test("commands about the terminal send nothing", () => {
  for (const line of ["", "/to bob@localhost", "/help", "/quit"]) {
    assert.deepEqual(eventFor(commandOf(line), nina, stamp), { ok: true, value: undefined });
  }
});

test("the command line names the user, the first contact, the domain and the endpoints", () => {
  const to = ["--to", "alice@localhost", "--domain", "IM.b.example", "--endpoints", "e.json"];
  assert.deepEqual(readOptions(["--as", "nina", ...to]), {
    ok: true,
    value: { user: "nina", contact: "alice@localhost", domain: "im.b.example", endpoints: "e.json" },
  });
  assert.deepEqual(readOptions(["--as", "nina"]), {
    ok: true,
    value: { user: "nina", contact: undefined, domain: undefined, endpoints: undefined },
  });
  assert.deepEqual(readOptions(["--help"]), { ok: true, value: "help" });
});

test("a wrong command line is refused with a reason", () => {
  for (const args of [
    [],
    ["--as"],
    ["--as", ""],
    ["--as", "nina", "--to", "@"],
    ["--as", "nina", "--domain", "no domain"],
    ["--like", "nina"],
    ["nina"],
  ]) {
    const options = readOptions(args);
    assert.ok(!options.ok);
    assert.ok(options.error.length > 0);
  }
});

/** Attachments of what users write, on their way out. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Element } from "ltx";
import { eventToMessage } from "#core/translate/event-to-message.ts";
import { childOf, ns } from "#core/xmpp/stanza.ts";
import { fromNative, makeContext, makeKnown, must, nativeEvent, stanzasOf } from "./support.ts";

const ctx = makeContext({ cause: fromNative });

function sent(data: Record<string, unknown>): Element[] {
  return stanzasOf(must(eventToMessage(ctx, nativeEvent("message.sent", data), makeKnown())));
}

describe("attachments", () => {
  const picture = {
    url: "https://f.example.com/a.png",
    name: "a.png",
    mediaType: "image/png",
    size: 3,
    width: 640,
    height: 480,
    hash: "sha-256:47DEQpj8HBSa+/TImW+5JA==",
    description: "A <cat>",
  };

  test("follow the text, one stanza each, under numbered ids", () => {
    const attachments = [picture, { url: "https://f.example.com/b" }];
    const all = sent({ id: "m1", body: "look", subject: "S", thread: "t", attachments });
    assert.deepEqual(
      all.map((stanza) => [stanza.attrs["id"], stanza.getChildText("body"), stanza.getChildText("subject")]),
      [
        ["m1", "look", "S"],
        ["m1/1", picture.url, null],
        ["m1/2", "https://f.example.com/b", null],
      ],
    );
    assert.deepEqual(
      all.map((stanza) => stanza.getChildText("thread")),
      ["t", "t", "t"],
    );
  });

  test("whose message has a subject leave that out of what stands in for the file", () => {
    const attachments = [{ url: "https://f.example.com/a" }, { url: "https://f.example.com/b" }];
    const ranges = sent({ id: "m1", subject: "S", attachments }).map((stanza) =>
      childOf(stanza, "fallback", ns.fallback)?.children.map(String),
    );
    assert.deepEqual(ranges, [["<body/>"], []]);
  });

  test("without text: the first is the message", () => {
    const attachments = [{ url: "https://f.example.com/a" }, { url: "https://f.example.com/b" }];
    const all = sent({ id: "m1", subject: "S", attachments });
    assert.deepEqual(
      all.map((stanza) => [stanza.attrs["id"], stanza.getChildText("subject")]),
      [
        ["m1", "S"],
        ["m1/2", null],
      ],
    );
  });

  test("are described for file sharing, and for clients that know only URLs", () => {
    const [stanza] = sent({ id: "m1", attachments: [picture] });
    const children = stanza?.getChildElements().map(String) ?? [];
    assert.deepEqual(children.slice(0, 4), [
      `<body>${picture.url}</body>`,
      '<file-sharing xmlns="urn:xmpp:sfs:0" disposition="inline">' +
        '<file xmlns="urn:xmpp:file:metadata:0"><media-type>image/png</media-type><name>a.png</name>' +
        "<size>3</size><dimensions>640x480</dimensions><desc>A &lt;cat&gt;</desc>" +
        '<hash xmlns="urn:xmpp:hashes:2" algo="sha-256">47DEQpj8HBSa+/TImW+5JA==</hash></file>' +
        `<sources><url-data xmlns="http://jabber.org/protocol/url-data" target="${picture.url}"/></sources>` +
        "</file-sharing>",
      `<x xmlns="jabber:x:oob"><url>${picture.url}</url><desc>A &lt;cat&gt;</desc></x>`,
      '<fallback xmlns="urn:xmpp:fallback:0" for="urn:xmpp:sfs:0"/>',
    ]);
  });

  test("of which little is known say no more than that", () => {
    const [bare, named] = sent({
      id: "m1",
      attachments: [
        { url: "https://f.example.com/a", width: 640 },
        { url: "https://f.example.com/b", name: "b" },
      ],
    });
    const sharing = bare && childOf(bare, "file-sharing", ns.fileSharing);
    assert.equal(sharing?.attrs["disposition"], "attachment");
    assert.equal(String(sharing?.getChild("file")), '<file xmlns="urn:xmpp:file:metadata:0"/>');
    assert.equal(
      String(bare?.getChild("x")),
      '<x xmlns="jabber:x:oob"><url>https://f.example.com/a</url></x>',
    );
    assert.equal(named?.getChild("x")?.getChildText("desc"), "b");
  });
});

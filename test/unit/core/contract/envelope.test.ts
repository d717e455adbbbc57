import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  asciiJson,
  encodeItem,
  type InboundItem,
  type OutboundItem,
  packOverheadBytes,
  readInboundPack,
  readOutboundPack,
  readWalkPack,
  splitPack,
  type WalkTask,
  writePack,
} from "#core/contract/envelope.ts";

const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const inbound: InboundItem = {
  fence: 3,
  seq: 17,
  time: "2026-11-02T09:30:00.123Z",
  trace,
  xml: "<message/>",
  routed: "urn:x e1/0",
};
const outbound: OutboundItem = {
  id: "3.17",
  time: "2026-11-02T09:30:00.123Z",
  trace,
  hops: 2,
  xml: "<presence/>",
  recipients: ["alice@example.org"],
  written: "2026-11-02T09:29:59Z",
  expires: "2026-11-02T09:30:29.000Z",
  availability: { ghost: "nina@im.example.com", version: 4 },
  confirm: true,
};
const walk: WalkTask = {
  id: "w1",
  trace,
  hops: 1,
  kind: "broadcast",
  domain: "im.example.com",
  user: "nina",
  version: 4,
  cursor: "8",
};

const kinds = [
  { name: "inbound", item: inbound, read: readInboundPack },
  { name: "outbound", item: outbound, read: readOutboundPack },
  { name: "walk", item: walk, read: readWalkPack },
] as const;

for (const { name, item, read } of kinds) {
  test(`a pack of kind ${name} is read as it was written`, () => {
    const pack = read(writePack([encodeItem(item), encodeItem(item)]));
    assert.deepEqual(pack, { ok: true, value: { v: 1, items: [item, item] } });
  });

  test(`a pack of kind ${name} with fields of a newer writer is read without them`, () => {
    const body = asciiJson({ v: 1, later: true, items: [{ ...item, later: { deep: 1 } }] });
    assert.deepEqual(read(body), { ok: true, value: { v: 1, items: [item] } });
  });

  test(`a pack of kind ${name} of an unknown version is for a newer reader, whatever it holds`, () => {
    for (const body of ['{"v":2,"items":[]}', '{"v":2}', '{"v":0,"items":"x"}']) {
      const pack = read(body);
      assert.ok(!pack.ok);
      assert.equal(pack.error.kind, "version");
    }
  });

  test(`a broken pack of kind ${name} is malformed, and says where`, () => {
    const broken = [
      "",
      "{",
      "[]",
      "null",
      "7",
      "{}",
      '{"v":"1","items":[]}',
      '{"v":1}',
      '{"v":1,"items":[{}]}',
    ];
    for (const body of broken) {
      const pack = read(body);
      assert.ok(!pack.ok, body);
      assert.equal(pack.error.kind, "malformed", body);
      assert.ok(pack.error.text.length > 0);
    }
    const pack = read(asciiJson({ v: 1, items: [item, { ...item, trace: 7 }] }));
    assert.ok(!pack.ok);
    assert.equal(pack.error.text, "items.1.trace: expected string");
  });

  test(`no text makes the reader of kind ${name} throw`, () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
        assert.ok(!read(body).ok);
      }),
    );
  });
}

test("a malformed pack's fault does not repeat the stanza", () => {
  const pack = readInboundPack(
    asciiJson({ v: 1, items: [{ ...inbound, time: "a secret", xml: "a secret" }] }),
  );
  assert.ok(!pack.ok);
  assert.ok(!pack.error.text.includes("secret"));
});

test("a pack comes apart into packs of one, whatever its items are; what is no pack of this version does not", () => {
  const parts = splitPack(asciiJson({ v: 1, items: [outbound, 7, { hello: "world" }] }));
  assert.deepEqual(
    parts?.map((part) => readOutboundPack(part).ok),
    [true, false, false],
  );
  for (const body of ["{", "[]", '{"v":1}', '{"v":"1","items":[]}', '{"v":2,"items":[]}']) {
    assert.equal(splitPack(body), undefined);
  }
});

test("the overhead of a pack is its size without items", () => {
  const items = [encodeItem(inbound), encodeItem(inbound), encodeItem(inbound)];
  const itemBytes = items.reduce((sum, item) => sum + item.length, 0);
  assert.equal(Buffer.byteLength(writePack(items)), packOverheadBytes + itemBytes + items.length - 1);
});

test("ASCII JSON is ASCII and says the same", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.string({ unit: "binary" }), (value, text) => {
      const json = asciiJson({ value, text });
      assert.match(json, /^[\u0020-\u007e]*$/);
      assert.deepEqual(JSON.parse(json), JSON.parse(JSON.stringify({ value, text })));
    }),
  );
});

test("ASCII JSON escapes what queues garble", () => {
  assert.equal(asciiJson("😀\u007f\ud800é"), '"\\ud83d\\ude00\\u007f\\ud800\\u00e9"');
});

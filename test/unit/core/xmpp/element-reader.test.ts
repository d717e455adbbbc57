import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { SaxesParser } from "saxes";
import { makeElementReader } from "#core/xmpp/element-reader.ts";

for (const level of [0, 1] as const) {
  test(`V8 does not keep the parser as a hash table, level ${level}`, (t) => {
    const write = t.mock.method(SaxesParser.prototype, "write");
    makeElementReader({ level, depthMax: 1, onElement() {} }).write("<message>");
    setFlagsFromString("--allow-natives-syntax");
    const isFast = new Function("object", "return %HasFastProperties(object)");
    assert.ok(isFast(write.mock.calls[0]?.this));
  });
}

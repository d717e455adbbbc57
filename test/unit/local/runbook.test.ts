/** The runbook knows every reason for which a connector says that its stream is down. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "../../..");
const text = (file: string) => readFileSync(join(root, file), "utf8");

/** Told of no stream's end: of a process that ends, of a write, and where nothing is known. */
const notOfEnds = new Set(["stopped", "stopping", "closing", "unknown", "element"]);

/** Words that the connector gives itself; those of servers and networks it hands on as they are. */
function ownReasons(): readonly string[] {
  const source = readdirSync(join(root, "connector"))
    .filter((file) => /^(link|stream|session|barriers|dial)\.ts$/.test(file))
    .map((file) => text(`connector/${file}`))
    .join("\n");
  const given = /(?:destroy|dead|close|new Error|resolveClosed|reason \?\?=|return|\?\?)\s*\(?"([a-z-]+)"/g;
  return [...source.matchAll(given)].flatMap(([, word = ""]) => (notOfEnds.has(word) ? [] : [word]));
}

const advised = () =>
  [...text("connector/advice.ts").matchAll(/^ {2}"?([\w-]+)"?:/gm)].map(([, reason = ""]) => reason);

test("the runbook's table of stream-down names every reason that is given or advised on", () => {
  const [, entry = ""] = text("docs/runbook.md").split('<a id="stream-down"></a>');
  const [table = ""] = entry.split("<a id=");
  const rows = table.split("\n").filter((line) => line.startsWith("| `"));
  const named = new Set(
    rows.flatMap((row) => [...(row.split("|")[1] ?? "").matchAll(/`([^`]+)`/g)].map(([, word]) => word)),
  );
  const [own, withAdvice] = [ownReasons(), advised()];
  assert.ok(
    own.includes("connect-timeout") && own.includes("close-timeout") && own.includes("closed"),
    own.join(),
  );
  assert.ok(withAdvice.includes("ca-file") && withAdvice.includes("CERT_HAS_EXPIRED"), withAdvice.join());
  for (const reason of [...own, ...withAdvice]) assert.ok(named.has(reason), reason);
});

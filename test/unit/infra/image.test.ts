/** The connector's image, which is built where it is deployed. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "./templates.ts";

const dockerfile = readFileSync(join(root, "connector/Dockerfile"), "utf8");
const lines = dockerfile.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const stages = dockerfile.split(/^FROM /m).slice(1);

describe("the connector's image", () => {
  test("has the Node that everything was tested with, by its exact version and digest, the same in every stage", () => {
    const { devDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
    assert.equal(stages.length, 2);
    for (const stage of stages) {
      assert.ok(stage.includes(`node:${devDependencies.node}-alpine@sha256:`), stage.split("\n")[0]);
    }
    const digests = stages.flatMap((stage) => /@sha256:([0-9a-f]{64})(?= |$)/m.exec(stage)?.[1] ?? []);
    assert.equal(digests.length, 2);
    assert.equal(new Set(digests).size, 1);
  });

  test("holds what the build made of the connector, and runs it as somebody without rights", () => {
    const last = stages.at(-1) ?? "";
    assert.match(last, /^COPY --from=checked --chown=root:root --chmod=444 \/app\/ \.\/$/m);
    assert.match(last, /^USER node$/m);
    assert.doesNotMatch(last, /^(RUN|EXPOSE|VOLUME|ADD) /m);
    assert.equal(lines.at(-1), 'ENTRYPOINT ["node", "index.mjs"]');
  });
});

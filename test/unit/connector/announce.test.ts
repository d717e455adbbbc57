import assert from "node:assert/strict";
import { test } from "node:test";
import { readWalkPack } from "#core/contract/envelope.ts";
import { domain, type Rig, startRig } from "./support.ts";

/** The tasks that the connector has put into `walks`. */
function tasksOf({ queues }: Rig) {
  return queues.tasks.flatMap((body) => {
    const pack = readWalkPack(body);
    assert.ok(pack.ok);
    return pack.value.items;
  });
}

test("a stream that comes up begins a resync under its fence, and one that ends is told with the reason", async (t) => {
  const rig = await startRig(t);
  const first = await rig.accept();
  await rig.queues.until(() => rig.queues.tasks.length === 1);
  first.socket.destroy();
  await rig.accept();
  await rig.queues.until(() => rig.queues.tasks.length === 3);
  const [up, down, again] = tasksOf(rig);
  assert.ok(up?.kind === "resync" && again?.kind === "resync" && down?.kind === "disconnected");
  assert.deepEqual([up.domain, up.phase, up.step, up.cursor], [domain, "greet", 0, undefined]);
  const fences = rig.logs.filter(({ event }) => event === "stream.up").map(({ fields }) => fields["fence"]);
  assert.deepEqual([up.fence, again.fence], fences);
  assert.equal(down.fence, up.fence);
  assert.notEqual(down.reason, "");
});

test("stopping tells that the stream has ended before the process may go", async (t) => {
  const rig = await startRig(t);
  await rig.accept();
  await rig.queues.until(() => rig.queues.tasks.length === 1);
  await rig.connector.stop();
  const down = tasksOf(rig)[1];
  assert.ok(down?.kind === "disconnected");
  assert.equal(down.reason, "stopping");
});

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesUnderWay } from "#bench/faults/kernel.ts";

test("what the kernel holds for those who have connected to a port", () => {
  const head =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode";
  const row = (local: string, remote: string, queues: string) =>
    `   0: 0100007F:${local} 0100007F:${remote} 01 ${queues} 00:00000000 00000000     0        0 1 1`;
  const table = [
    head,
    row("14E3", "9C40", "00000010:00000001"),
    row("9C40", "14E3", "00000002:00000100"),
    row("1F40", "9C41", "00001000:00001000"),
    "",
  ].join("\n");
  assert.equal(bytesUnderWay(0x14e3, table), 0x110);
  assert.equal(bytesUnderWay(0x1f40, table), 0x1000);
  assert.equal(bytesUnderWay(1, table), 0);
  assert.equal(bytesUnderWay(1, ""), 0);
});

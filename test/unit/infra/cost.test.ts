/** What the dashboard of costs tells, by the price list. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { queueNames } from "#core/contract/queues.ts";
import { limits } from "#core/limits.ts";
import { functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { type PriceName, priceList } from "#infra/definitions/prices.ts";
import { queueDefinitions } from "#infra/definitions/queues.ts";
import { dashboardOf, isExpression } from "./dashboards.ts";
import { observability, synthesize } from "./templates.ts";

const costName = "Causeway-Cost";

describe("what it costs, on a dashboard", () => {
  const { widgets } = dashboardOf(observability, costName);
  const found = widgets.find(({ properties }) => properties.title === "What it costs, USD a day");
  assert.ok(found);
  const { metrics = [], stacked } = found.properties;
  const expressions = metrics.flatMap(([first]) => (isExpression(first) ? [first] : []));
  /** Name of each metric by its id in expressions. */
  const names = new Map(
    metrics.flatMap((metric) => {
      const last = metric.at(-1);
      return typeof last === "object" && "id" in last && !isExpression(last)
        ? [[String(last["id"]), String(metric[1])] as const]
        : [];
    }),
  );
  const { prices } = priceList;
  const perUnit = (name: PriceName) => prices[name].usd / prices[name].per;
  const rate = /^SUM\(\[([\w,]+)\]\) \* ([\d.]+) \/ (\d+) \* 86400 \/ PERIOD\((\w+)\)$/;
  const requests = ["Deleted", "EmptyReceives", "Received", "Sent"];
  const memoryGb = functionDefinitions.native.memoryMb / 1024;
  const queuesOf = (fifo: boolean) =>
    queueNames.filter((queue) => queueDefinitions[queue].fifo === fifo).length;

  for (const [label, usd, kinds, count] of [
    ["SQS, FIFO", perUnit("sqsFifoRequests"), requests, queuesOf(true)],
    ["SQS, standard", perUnit("sqsStandardRequests"), requests, queuesOf(false)],
    ["Lambda, invocations", perUnit("lambdaRequests"), ["Invocations"], functionNames.length],
    [
      "Lambda, time at 512 MB",
      (perUnit("lambdaArmGbSeconds") * memoryGb) / 1000,
      ["Duration"],
      functionNames.length,
    ],
    ["DynamoDB, reads", perUnit("dynamodbReads"), ["ConsumedReadCapacityUnits"], 1],
    ["DynamoDB, writes", perUnit("dynamodbWrites"), ["ConsumedWriteCapacityUnits"], 1],
    ["Logs", perUnit("logsGb") / 1e9, ["IncomingBytes"], functionNames.length + 1],
  ] as const) {
    test(`${label}: everything that is used, at the price of the list, by the day`, () => {
      const expression = expressions.find((each) => each.label === label)?.expression ?? "";
      const [, ids = "", price, per, first] = rate.exec(expression) ?? [];
      assert.ok(Math.abs(Number(price) / Number(per) / usd - 1) < 1e-9, expression);
      const used = ids.split(",");
      assert.equal(used[0], first);
      const asked = used.map((id) => names.get(id)?.replace(/^NumberOf(Messages)?/, ""));
      assert.deepEqual([...new Set(asked)].sort(), kinds);
      assert.equal(used.length, kinds.length * count);
      assert.equal(new Set(used).size, used.length);
    });
  }

  test("connectors by the hour, as many as are deployed, each with its address", () => {
    const each = prices.fargateArmVcpuHours.usd / 4 + prices.fargateArmGbHours.usd / 2;
    for (const [change, count, usd] of [
      [{}, 2, each + prices.publicIpv4Hours.usd],
      [{ standby: false, network: { natGateways: 1 } }, 1, each],
    ] as const) {
      const widget = JSON.stringify(dashboardOf(synthesize(change).observability, costName));
      const [, told] = /TIME_SERIES\(([\d.]+)\)/.exec(widget) ?? [];
      assert.ok(Math.abs(Number(told) - 24 * count * usd) < 1e-9, told);
    }
  });

  test("stacked, beside a text that says of which list, and with room for as many domains as there may be", () => {
    assert.equal(stacked, true);
    const text = widgets.find(({ type }) => type === "text");
    assert.match(text?.properties.markdown ?? "", /List prices of us-east-1, the oldest of \d{4}-\d\d-\d\d/);
    const most = Array.from({ length: limits.domainsMax }, (_, index) => `d${index}.example`);
    const wide = dashboardOf(synthesize({ domains: most }).observability, costName).widgets.find(
      ({ properties }) => properties.title === "What it costs, USD a day",
    );
    const all = wide?.properties.metrics ?? [];
    // What CloudWatch takes in one graph, and in one expression.
    assert.ok(all.length <= 500, String(all.length));
    for (const [first] of all) if (isExpression(first)) assert.ok(first.expression.length <= 2_048);
  });
});

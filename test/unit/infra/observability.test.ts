/** What on-call sees of a deployment. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { idleLines, metricCount } from "#bench/cost/idle.ts";
import { makeCounters } from "#connector/counters.ts";
import { metricLine } from "#connector/report.ts";
import { limits } from "#core/limits.ts";
import { alarmDefinitions, alarmKinds, runbookOf } from "#infra/definitions/alarms.ts";
import { priceList } from "#infra/definitions/prices.ts";
import { savedQueries } from "#infra/definitions/saved-queries.ts";
import { dashboardOf } from "./dashboards.ts";
import { type JsonObject, observability, ofType, only, root, synthesize } from "./templates.ts";

const alarms = ofType(observability, "AWS::CloudWatch::Alarm").map(({ Properties }) => Properties);

describe("alarms", () => {
  test("are those of the definitions, of every kind", () => {
    assert.deepEqual(
      alarms.map(({ AlarmName }) => AlarmName).sort(),
      alarmDefinitions.map(({ id }) => `causeway-${id}`).sort(),
    );
    assert.deepEqual([...new Set(alarmDefinitions.map(({ kind }) => kind))].sort(), [...alarmKinds].sort());
  });

  for (const definition of alarmDefinitions) {
    test(`${definition.id} says what it means and where to read on`, () => {
      const alarm = alarms.find(({ AlarmName }) => AlarmName === `causeway-${definition.id}`);
      assert.ok(alarm);
      assert.equal(alarm["AlarmDescription"], `${definition.says}. What to do: ${runbookOf(definition)}`);
      assert.equal(alarm["Threshold"], definition.threshold);
      assert.equal(alarm["Period"], definition.periodS);
      assert.equal(alarm["EvaluationPeriods"], definition.periods);
      assert.equal(alarm["Statistic"], definition.statistic);
      assert.equal(alarm["TreatMissingData"], definition.missing === "bad" ? "breaching" : "notBreaching");
      const counted =
        definition.metric.of === "connectorLog" ? definition.metric.event : definition.metric.name;
      assert.equal(alarm["MetricName"], counted);
    });
  }

  test("about the connector's figures name figures that it tells, by the dimension that it tells them with", () => {
    const { counts } = makeCounters(limits);
    const health = {
      domain: "im.example.com",
      stream: "up",
      held: 0,
      windowStanzas: 0,
    } as const;
    const told = metricLine([{ health, counts: counts(), roundTrips: undefined }], 0);
    for (const { metric } of alarmDefinitions) {
      if (metric.of === "connector") assert.ok(told.includes(`"${metric.name}":`), metric.name);
    }
    assert.match(told, /"Namespace":"Causeway".*"Part":"connector"/);
  });

  test("of a domain's own queues are there for each domain", () => {
    const two = synthesize({ domains: ["im.example.com", "im.example.org"] });
    const names = ofType(two.observability, "AWS::CloudWatch::Alarm").map(({ Properties }) =>
      String(Properties["AlarmName"]),
    );
    assert.equal(names.length, alarms.length + 4);
    assert.equal(names.filter((name) => name.startsWith("causeway-queue-age-outbound-")).length, 4);
  });

  test("go to an address that was given, and to a topic that is there; else to nobody", () => {
    for (const { AlarmActions } of alarms) assert.equal(AlarmActions, undefined);
    const topic = "arn:aws:sns:eu-central-1:123456789012:oncall";
    const told = synthesize({
      alarmEmail: "oncall@example.com",
      alarmTopicArn: topic,
      runbookUrl: "https://wiki.example.com/runbook",
    });
    const own = only(told.observability, "AWS::SNS::Topic");
    const id = Object.keys(told.observability).find((key) => told.observability[key] === own);
    assert.equal(
      only(told.observability, "AWS::SNS::Subscription").Properties["Endpoint"],
      "oncall@example.com",
    );
    for (const { Properties } of ofType(told.observability, "AWS::CloudWatch::Alarm")) {
      assert.deepEqual(Properties["AlarmActions"], [topic, { Ref: id }]);
      assert.deepEqual(Properties["OKActions"], [topic, { Ref: id }]);
      assert.match(
        String(Properties["AlarmDescription"]),
        /What to do: https:\/\/wiki\.example\.com\/runbook#[a-z-]+$/,
      );
    }
  });
});

test("metrics are as many as an account has free, and as many as are counted as costs", () => {
  const filters = ofType(observability, "AWS::Logs::MetricFilter").length;
  assert.equal(filters, alarmDefinitions.filter(({ metric }) => metric.of === "connectorLog").length);
  assert.equal(metricCount(), priceList.prices.metrics.freePerMonth);
});

test("the dashboard shows the alarms first, and every figure that the connector tells of itself", () => {
  const body = JSON.stringify(dashboardOf(observability, "Causeway"));
  for (const figure of [
    "StreamUp",
    "MessagesIn",
    "BarrierMax",
    "Held",
    "Refused",
    "ItemsPerPack",
    "ApproximateAgeOfOldestMessage",
    "ConcurrentExecutions",
  ]) {
    assert.ok(body.includes(figure), figure);
  }
  assert.ok(body.indexOf('"type":"alarm"') < body.indexOf('"type":"metric"'));
});

test("dashboards are as many as are counted as costs, and small enough to be free", () => {
  const dashboards = ofType(observability, "AWS::CloudWatch::Dashboard");
  const counted = idleLines(1, 1, false).find(({ price }) => price === "dashboards")?.units;
  assert.equal(dashboards.length, counted);
  for (const { Properties } of dashboards) {
    const { widgets } = dashboardOf(observability, String(Properties["DashboardName"]));
    const metrics = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    // CloudWatch's free dashboards reference up to 50 metrics each.
    const referenced = metrics.filter(([first]) => typeof first === "string").length;
    assert.ok(referenced > 0 && referenced <= 50, `${Properties["DashboardName"]}: ${referenced}`);
  }
});

test("saved queries look into the logs of all functions and the connector", () => {
  const queries = ofType(observability, "AWS::Logs::QueryDefinition").map(({ Properties }) => Properties);
  assert.deepEqual(
    queries.map(({ Name }) => Name),
    savedQueries.map(({ name }) => `Causeway/${name}`),
  );
  for (const { LogGroupNames } of queries) assert.equal((LogGroupNames as readonly JsonObject[]).length, 6);
});

test("saved queries ask for events that functions log", () => {
  const sources = readdirSync(join(root, "functions")).map((file) =>
    readFileSync(join(root, "functions", file), "utf8"),
  );
  const lines = savedQueries.flatMap((query) => query.lines);
  const asked = lines.flatMap((line) => /event = '([a-z-]+)'/.exec(line)?.[1] ?? []);
  assert.ok(asked.length >= 4);
  for (const event of asked)
    assert.ok(
      sources.some((text) => text.includes(`event: "${event}"`)),
      event,
    );
});

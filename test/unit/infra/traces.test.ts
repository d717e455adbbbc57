import assert from "node:assert/strict";
import { test } from "node:test";
import { functionNames } from "#infra/definitions/functions.ts";
import { allowed, compute, type JsonObject, ofType, synthesize } from "./templates.ts";

const actionsOn = (stacks: Parameters<typeof allowed>[0]) =>
  allowed(stacks)
    .flatMap(({ Action }) => Action)
    .filter((action) => action.startsWith("xray:"))
    .sort();

const portsOf = (resources: typeof compute) => {
  const [group] = ofType(resources, "AWS::EC2::SecurityGroup");
  const rules = group?.Properties["SecurityGroupEgress"] as readonly JsonObject[];
  return rules.map(({ FromPort }) => Number(FromPort)).sort((a, b) => a - b);
};

test("traces are off by default: nobody may write any", () => {
  assert.deepEqual(actionsOn(undefined), []);
});

test("to AWS, functions may use their daemon and the connector the OTLP endpoint", () => {
  const stacks = synthesize({ traces: "aws" });
  assert.deepEqual(
    actionsOn(stacks),
    [...functionNames.map(() => "xray:PutTraceSegments"), "xray:PutSpans", "xray:PutSpansForIndexing"].sort(),
  );
});

test("to a collector, the connector may reach its port, and AWS is not asked", () => {
  const stacks = synthesize({ traces: "https://otel.example.com:4318" });
  assert.deepEqual(actionsOn(stacks), []);
  assert.deepEqual(portsOf(stacks.compute), [443, 4318, 5348]);
  assert.deepEqual(portsOf(compute), [443, 5348]);
});

test("Lambda's guard against loops is off for walks alone, which call themselves", () => {
  const loops = ofType(compute, "AWS::Lambda::Function").map(({ Properties }) => [
    Properties["Description"],
    Properties["RecursiveLoop"],
  ]);
  assert.deepEqual(
    loops.filter(([, loop]) => loop !== "Terminate"),
    [["Causeway: reads walks", "Allow"]],
  );
});

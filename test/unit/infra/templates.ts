/** The templates of the whole app, made in this process from the context of cdk.json and stub bundles. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import { readConfig } from "#infra/config.ts";
import { makeCompute } from "#infra/stacks/compute.ts";
import { makeState } from "#infra/stacks/state.ts";

export const root = join(import.meta.dirname, "../../..");

// What CloudFormation makes of a resource: plain JSON of any shape.
export type Json = string | number | boolean | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly Properties: JsonObject;
}

export type Resources = Readonly<Record<string, Resource>>;

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
}

/** @param change what is set otherwise than in cdk.json. */
export function synthesize(change: JsonObject = {}): { state: Resources; compute: Resources } {
  const folder = mkdtempSync(join(tmpdir(), "causeway-stacks-"));
  try {
    const bundle = join(folder, "bundle");
    mkdirSync(bundle);
    for (const file of ["index.mjs", "Dockerfile"]) writeFileSync(join(bundle, file), "");
    const { context } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));
    const app = new App({
      context: { ...context, ...change },
      outdir: join(folder, "out"),
      analyticsReporting: false,
    });
    const config = readConfig((key) => app.node.tryGetContext(key));
    const state = makeState(app, config.domains);
    const compute = makeCompute(app, config, state, {
      functionFolder: () => bundle,
      connectorFolder: bundle,
    });
    return {
      compute: Template.fromStack(compute).toJSON()["Resources"],
      state: Template.fromStack(Stack.of(state.table)).toJSON()["Resources"],
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export const { state, compute } = synthesize();

export function ofType(resources: Resources, type: string): Resource[] {
  return Object.values(resources).filter((resource) => resource.Type === type);
}

/** The only resource of its type. */
export function only(resources: Resources, type: string): Resource {
  const [first, ...others] = ofType(resources, type);
  assert.ok(first, `no ${type}`);
  assert.equal(others.length, 0, `more than one ${type}`);
  return first;
}

/** A queue of the state stack by its physical name, with its logical id. */
export function queueNamed(name: string): Resource & { readonly id: string } {
  const found = Object.entries(state).find(([, { Properties }]) => Properties["QueueName"] === name);
  assert.ok(found, `no queue ${name}`);
  return { id: found[0], ...found[1] };
}

/** Every statement of every policy that allows something. */
export function allowed(stacks = { state, compute }): Statement[] {
  return [...ofType(stacks.state, "AWS::IAM::Policy"), ...ofType(stacks.compute, "AWS::IAM::Policy")]
    .flatMap(({ Properties }) => {
      const document = Properties["PolicyDocument"] as unknown as { readonly Statement: Statement[] };
      return document.Statement;
    })
    .filter(({ Effect }) => Effect === "Allow");
}

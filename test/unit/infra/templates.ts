/** The templates of the whole app, made in this process by the settings of cdk.json, of stub bundles. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { App, type Stack } from "aws-cdk-lib";
import { Template } from "aws-cdk-lib/assertions";
import type { Deployment } from "#infra/config.ts";
import { makeDeployment } from "#infra/deployment.ts";
import { readConfig } from "#infra/read-config.ts";

export const root = join(import.meta.dirname, "../../..");

// What CloudFormation makes of a resource: plain JSON of any shape.
export type Json = string | number | boolean | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

export interface Resource {
  readonly Type: string;
  readonly DeletionPolicy?: string;
  readonly DependsOn?: readonly string[];
  readonly Properties: JsonObject;
}

export type Resources = Readonly<Record<string, Resource>>;

export interface Statement {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: Json;
}

export interface Templates {
  readonly state: Resources;
  readonly compute: Resources;
  readonly observability: Resources;
  readonly transactionSearch: Resources;
  /** What stacks tell people. */
  readonly outputs: JsonObject;
}

const needed = {
  domains: ["im.example.com"],
  xmppService: "xmpps://xmpp.example.com:5348",
} as const satisfies Deployment;

/** Makes the templates of a deployment, of stub bundles. */
export function synthesize(change: Partial<Deployment> = {}): Templates {
  const folder = mkdtempSync(join(tmpdir(), "causeway-stacks-"));
  try {
    const bundle = join(folder, "bundle");
    mkdirSync(bundle);
    for (const file of ["index.mjs", "Dockerfile"]) writeFileSync(join(bundle, file), "");
    const { context } = JSON.parse(readFileSync(join(root, "cdk.json"), "utf8"));
    const app = new App({
      context,
      outdir: join(folder, "out"),
      analyticsReporting: false,
      // Nobody reads them here, and they take time.
      stackTraces: false,
      treeMetadata: false,
    });
    const bundles = { functionFolder: () => bundle, connectorFolder: bundle };
    const stacks = makeDeployment(app, readConfig({ ...needed, ...change }), bundles);
    const template = (stack: Stack | undefined) => (stack ? Template.fromStack(stack).toJSON() : {});
    const [state, compute] = [template(stacks.state), template(stacks.compute)];
    return {
      state: state["Resources"],
      compute: compute["Resources"],
      observability: template(stacks.observability)["Resources"],
      transactionSearch: template(stacks.transactionSearch)["Resources"] ?? {},
      outputs: { ...state["Outputs"], ...compute["Outputs"] },
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The smallest deployment. */
export const smallest = synthesize();
export const { state, compute, observability, outputs } = smallest;

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
export function queueNamed(name: string, resources = state): Resource & { readonly id: string } {
  const found = Object.entries(resources).find(([, { Properties }]) => Properties["QueueName"] === name);
  assert.ok(found, `no queue ${name}`);
  return { id: found[0], ...found[1] };
}

/** Every statement of every policy that allows something. */
export function allowed(templates: Pick<Templates, "state" | "compute"> = { state, compute }): Statement[] {
  const all = { ...templates.state, ...templates.compute };
  return [...ofType(all, "AWS::IAM::Policy"), ...ofType(all, "AWS::IAM::ManagedPolicy")]
    .flatMap(({ Properties }) => {
      const document = Properties["PolicyDocument"] as unknown as { readonly Statement: Statement[] };
      return document.Statement;
    })
    .filter(({ Effect }) => Effect === "Allow");
}

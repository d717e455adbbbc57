/** Dashboards of a template, as CloudWatch reads them. */
import assert from "node:assert/strict";
import { ofType, type Resources } from "./templates.ts";

export interface Expression {
  readonly expression: string;
  readonly label: string;
}
export interface Widget {
  readonly type: string;
  readonly properties: {
    readonly title?: string;
    readonly markdown?: string;
    readonly stacked?: boolean;
    readonly metrics?: readonly (readonly (string | Expression | Record<string, unknown>)[])[];
  };
}

export const isExpression = (value: unknown): value is Expression =>
  typeof value === "object" && value !== null && "expression" in value;

/** The dashboard's body, with `?` for what CloudFormation fills in. */
export function dashboardOf(resources: Resources, name: string): { readonly widgets: readonly Widget[] } {
  const found = ofType(resources, "AWS::CloudWatch::Dashboard").find(
    ({ Properties }) => Properties["DashboardName"] === name,
  );
  assert.ok(found, `no dashboard ${name}`);
  const { "Fn::Join": join } = found.Properties["DashboardBody"] as {
    readonly "Fn::Join": readonly [string, readonly unknown[]];
  };
  return JSON.parse(join[1].map((part) => (typeof part === "string" ? part : "?")).join(""));
}

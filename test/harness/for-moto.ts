/** Templates as moto can deploy them: each thing that it cannot is named here, with what becomes of it. */
import type { Json, JsonObject } from "#test/unit/infra/templates.ts";

interface Template {
  readonly Resources: Readonly<Record<string, { readonly Type: string; readonly Properties: JsonObject }>>;
}

/** Left out: moto's CloudFormation does not know them, and nothing else refers to them. */
const leftOut = [
  "AWS::CloudWatch::Alarm",
  // Refers to the alarms.
  "AWS::CloudWatch::Dashboard",
  "AWS::Logs::MetricFilter",
  "AWS::Logs::QueryDefinition",
  "AWS::SQS::QueuePolicy",
] as const;

/** A table of one region is made as a table; a global one is unknown to moto. */
function asTable({ Replicas, ...properties }: JsonObject): JsonObject {
  const [replica] = (Replicas ?? []) as readonly JsonObject[];
  const { Region: _, ...ofReplica } = replica ?? {};
  return { ...properties, ...ofReplica };
}

/** The template for moto; what it is of a bootstrapped account, CDK's own affair, goes too. */
export function forMoto(template: Json): string {
  const { Parameters: _, Rules: __, ...rest } = template as unknown as Template & JsonObject;
  const Resources = Object.entries(rest.Resources).flatMap(([id, resource]) => {
    if (leftOut.some((type) => type === resource.Type)) return [];
    if (resource.Type !== "AWS::DynamoDB::GlobalTable") return [[id, resource] as const];
    return [
      [id, { ...resource, Type: "AWS::DynamoDB::Table", Properties: asTable(resource.Properties) }] as const,
    ];
  });
  return JSON.stringify({ ...rest, Resources: Object.fromEntries(Resources) });
}

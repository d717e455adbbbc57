import { CfnQueryDefinition } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { functionNames } from "../definitions/functions.ts";
import { savedQueries } from "../definitions/saved-queries.ts";
import { type AlarmConfig, makeAlarms, type Observed } from "./alarms.ts";
import { makeDashboards } from "./dashboard.ts";

/**
 * What on-call sees: alarms, two dashboards, questions to the logs.
 *
 * @param scope a stack for it alone, or one of your own
 */
export function makeObservability(scope: Construct, observed: Observed, config: AlarmConfig): void {
  makeDashboards(scope, observed, makeAlarms(scope, observed, config));
  const { connector, functions } = observed.compute;
  const groups = [connector.logGroup, ...functionNames.map((name) => functions[name].logGroup)];
  for (const [index, { name, lines }] of savedQueries.entries()) {
    new CfnQueryDefinition(scope, `Query${index + 1}`, {
      name: `Causeway/${name}`,
      queryString: lines.join("\n| "),
      logGroupNames: groups.map(({ logGroupName }) => logGroupName),
    });
  }
}

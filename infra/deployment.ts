import { type App, Stack } from "aws-cdk-lib";
import { ManagedPolicy, PermissionsBoundary } from "aws-cdk-lib/aws-iam";
import type { Config } from "./config.ts";
import { type Bundles, makeCompute } from "./constructs/compute.ts";
import { makeObservability } from "./constructs/observability.ts";
import { makeState } from "./constructs/state.ts";
import { makeTransactionSearch } from "./constructs/transaction-search.ts";

/** The stacks of a deployment. */
export interface Stacks {
  /** Kept when it is deleted. */
  readonly state: Stack;
  readonly compute: Stack;
  readonly observability: Stack;
  /** For the whole account and region. */
  readonly transactionSearch?: Stack;
}

const stack = (app: App, name: string, what: string) =>
  new Stack(app, `Causeway-${name}`, { description: `Causeway: ${what}` });

/** Makes all stacks of a deployment. */
export function makeDeployment(app: App, config: Config, bundles: Bundles): Stacks {
  if (config.permissionsBoundaryArn !== undefined) {
    const boundary = ManagedPolicy.fromManagedPolicyArn(app, "Boundary", config.permissionsBoundaryArn);
    PermissionsBoundary.of(app).apply(boundary);
  }
  const stacks = {
    state: stack(app, "State", "queues and table"),
    compute: stack(app, "Compute", "functions and connector"),
    observability: stack(app, "Observability", "alarms, dashboards and saved queries"),
  };
  const state = makeState(stacks.state, config);
  const compute = makeCompute(stacks.compute, config, state, bundles);
  makeObservability(stacks.observability, { state, compute }, config);
  if (!config.transactionSearch) return stacks;
  const transactionSearch = stack(app, "TransactionSearch", "traces of the whole account");
  makeTransactionSearch(transactionSearch);
  return { ...stacks, transactionSearch };
}

import { type App, Stack } from "aws-cdk-lib";
import { limits } from "#core/limits.ts";
import type { Config } from "../config.ts";
import type { EnvironmentSource } from "../definitions/environment.ts";
import type { FunctionName } from "../definitions/functions.ts";
import { perQueue } from "../definitions/queues.ts";
import { makeConnector } from "./connector.ts";
import { makeFunctions } from "./functions.ts";
import type { State } from "./state.ts";

/** Where the code to deploy lies. */
export interface Bundles {
  readonly functionFolder: (name: FunctionName) => string;
  /** With its Dockerfile. */
  readonly connectorFolder: string;
}

/** The stack of everything that runs; it holds no data and may be replaced at any time. */
export function makeCompute(app: App, config: Config, state: State, bundles: Bundles): Stack {
  const stack = new Stack(app, "Causeway-Compute", { description: "Causeway: functions and connector" });
  const source: EnvironmentSource = {
    urls: perQueue((queue) => state.queues[queue].queueUrl),
    deadLetterUrls: perQueue((queue) => state.deadLetters[queue].queueUrl),
    table: state.table.tableName,
    domains: config.domains,
    directory: config.directory,
    capabilities: config.capabilities,
    rates: config.rates,
    traces: config.traces,
    lanes: limits.lanes,
    // A deployment starts the new connector beside the old one, so that there are two even without a standby.
    leased: true,
  };
  makeFunctions(stack, state, source, bundles.functionFolder);
  makeConnector(stack, state, source, config, bundles.connectorFolder);
  return stack;
}

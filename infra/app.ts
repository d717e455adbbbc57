/** The CDK app; `npm run synth` runs it after the build. */
import { App } from "aws-cdk-lib";
import { connectorFolder, functionFolder } from "./build.ts";
import { readConfig } from "./config.ts";
import { makeCompute } from "./stacks/compute.ts";
import { makeState } from "./stacks/state.ts";

const app = new App();
const config = readConfig((key) => app.node.tryGetContext(key));
makeCompute(app, config, makeState(app, config.domains), { functionFolder, connectorFolder });

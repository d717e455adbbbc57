/** The CDK app; `npm run synth` runs it after the build. */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { App } from "aws-cdk-lib";
import { connectorFolder, functionFolder } from "./build.ts";
import { makeDeployment } from "./deployment.ts";
import { readConfig } from "./read-config.ts";
import { addRules } from "./rules.ts";

const prefix = "causeway:";
const fileKey = `${prefix}config`;

/** What the configuration file exports; `-c causeway:config=FILE` names another. */
async function declaredIn(file: string): Promise<unknown> {
  try {
    return ((await import(pathToFileURL(resolve(file)).href)) as { readonly default?: unknown }).default;
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`configuration: ${fileKey} is ${file}: name a module that exports a deployment: ${why}`);
  }
}

const app = new App();
addRules(app);
try {
  const { [fileKey]: file = "infra/causeway.config.ts", ...context } = app.node.getAllContext();
  const overrides = Object.entries(context)
    .filter(([key]) => key.startsWith(prefix))
    .map(([key, value]) => [key.slice(prefix.length), value]);
  const config = readConfig(await declaredIn(String(file)), Object.fromEntries(overrides));
  makeDeployment(app, config, { functionFolder, connectorFolder });
} catch (error) {
  // One line for people; a stack would hide it.
  console.error(error instanceof Error ? error.message : String(error));
  process.exit(1);
}

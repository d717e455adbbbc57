import { type App, Validations } from "aws-cdk-lib";
import { AwsSolutionsChecks, ServerlessChecks } from "cdk-nag";

/**
 * Lets AWS's rules for well-built applications fail the synth, beside those of CDK itself (`cdk.json`). What we do
 * otherwise is acknowledged where it is made, with the reason.
 */
export function addRules(app: App): void {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app), new ServerlessChecks(app));
}

/**
 * A CDK app of one queue and the function that reads it, to see what this repository's CDK settings let
 * through: VISIBILITY_S is the queue's visibility, the function may take 10 s; with RULES the rules of AWS look at it, too.
 */
import { App, Duration, Stack } from "aws-cdk-lib";
import { Code, EventSourceMapping, Function as LambdaFunction, Runtime } from "aws-cdk-lib/aws-lambda";
import { Queue } from "aws-cdk-lib/aws-sqs";
import { addRules } from "#infra/rules.ts";

const app = new App();
if (process.env["RULES"] !== undefined) addRules(app);
const stack = new Stack(app, "Validated");
const queue = new Queue(stack, "Queue", {
  visibilityTimeout: Duration.seconds(Number(process.env["VISIBILITY_S"])),
});
const target = new LambdaFunction(stack, "Function", {
  runtime: Runtime.NODEJS_24_X,
  handler: "index.handler",
  code: Code.fromInline("exports.handler = async () => {};"),
  timeout: Duration.seconds(10),
});
queue.grantConsumeMessages(target);
new EventSourceMapping(stack, "Mapping", { target, eventSourceArn: queue.queueArn });

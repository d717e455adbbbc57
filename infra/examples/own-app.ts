/**
 * The bridge as a part of your own CDK app: its queues, functions and connector in a stack of yours, beside the function
 * that consumes what contacts write.
 *
 *     npm run synth -- --app "node infra/examples/own-app.ts"
 */
import { App, Duration, Stack } from "aws-cdk-lib";
import {
  Architecture,
  Code,
  EventSourceMapping,
  Function as LambdaFunction,
  Runtime,
} from "aws-cdk-lib/aws-lambda";
import { connectorFolder, functionFolder } from "../build.ts";
import { makeCompute } from "../constructs/compute.ts";
import { makeObservability } from "../constructs/observability.ts";
import { makeState } from "../constructs/state.ts";
import { readConfig } from "../read-config.ts";

const config = readConfig({ domains: ["im.example.com"], xmppService: "xmpps://xmpp.example.com:5348" });
const stack = new Stack(new App(), "Chat");
const state = makeState(stack, config);
const compute = makeCompute(stack, config, state, { functionFolder, connectorFolder });
makeObservability(stack, { state, compute }, config);

// Yours: reads the deliveries, and may send events, by the policy that goes with the queues.
const consumer = new LambdaFunction(stack, "Consumer", {
  runtime: Runtime.NODEJS_24_X,
  architecture: Architecture.ARM_64,
  handler: "index.handler",
  code: Code.fromInline("exports.handler = async ({ Records }) => console.log(Records.length);"),
  timeout: Duration.seconds(10),
  environment: { EVENTS_URL: state.queues.nativeEvents.queueUrl },
});
consumer.role?.addManagedPolicy(state.nativeAccess);
new EventSourceMapping(stack, "Deliveries", {
  target: consumer,
  eventSourceArn: state.queues.nativeDeliveries.queueArn,
  batchSize: 10,
});

import { join } from "node:path";
import { functionFolder } from "#infra/build.ts";
import { type EnvironmentSource, environmentOf } from "#infra/definitions/environment.ts";
import { type FunctionName, functionDefinitions, functionNames } from "#infra/definitions/functions.ts";
import { localCredentials, localRegion, sqsClientFor } from "./aws-clients.ts";
import type { QueueAddresses } from "./engines/sqs.ts";
import { type EventSourceMapping, startEventSourceMapping } from "./event-source-mapping.ts";

export interface MappingsOptions {
  readonly addresses: QueueAddresses;
  readonly environment: EnvironmentSource;
  readonly sqsEndpoint: string;
  readonly dynamodbEndpoint: string;
  /** Instances of one function at the same time, at most; few, as all share this machine. */
  readonly concurrency: number;
  readonly logFolder: string;
  /** URLs of modules that functions load first. */
  readonly imports?: readonly string[];
  readonly log: (line: string) => void;
}

/** All functions of the bridge, each behind its queue. */
export interface Mappings {
  /** Ends the instances of a function in the middle of whatever they do. */
  crash(name: FunctionName): Promise<void>;
  /** Resolves when the functions are done with these queue messages. */
  handled(messageIds: readonly string[]): Promise<void>;
  stop(graceMs: number): Promise<void>;
}

/** The environment that an engine on this machine adds to a function's or the connector's own. */
export function localEnvironment(sqsEndpoint: string, dynamodbEndpoint: string): Record<string, string> {
  return { ...localCredentials, SQS_ENDPOINT: sqsEndpoint, DYNAMODB_ENDPOINT: dynamodbEndpoint };
}

/** Messages remembered as done, for those who ask only after they have sent: far more than anyone awaits. */
const doneMax = 1_000;

/** Starts an event source mapping for each function of the definitions. */
export function startMappings(options: MappingsOptions): Mappings {
  const { addresses, environment } = options;
  const client = sqsClientFor(options.sqsEndpoint);
  const done = new Set<string>();
  const waiting = new Set<() => void>();
  const onDone = (messageIds: readonly string[]) => {
    for (const id of messageIds) done.add(id);
    for (const id of done) {
      if (done.size <= doneMax) break;
      done.delete(id);
    }
    for (const look of waiting) look();
  };
  const startOne = (name: FunctionName): EventSourceMapping => {
    const definition = functionDefinitions[name];
    return startEventSourceMapping({
      function: {
        name,
        bundle: join(functionFolder(name), "index.mjs"),
        env: {
          ...localEnvironment(options.sqsEndpoint, options.dynamodbEndpoint),
          ...environmentOf(name, environment),
          AWS_LAMBDA_FUNCTION_NAME: name,
          AWS_LAMBDA_FUNCTION_MEMORY_SIZE: String(definition.memoryMb),
        },
        timeoutMs: definition.timeoutS * 1000,
        memoryMb: definition.memoryMb,
        logFile: join(options.logFolder, `function-${name}.log`),
        ...(options.imports && { imports: options.imports }),
      },
      queueUrl: addresses.urls[definition.queue],
      queueArn: addresses.arns[definition.queue],
      region: localRegion,
      batchSize: definition.batchSize,
      concurrency: Math.min(definition.concurrencyMax, options.concurrency),
      client,
      log: options.log,
      onDone,
    });
  };
  const mappings = new Map(functionNames.map((name) => [name, startOne(name)]));
  return {
    crash: async (name) => await mappings.get(name)?.crash(),
    handled(messageIds) {
      return new Promise<void>((resolve) => {
        const look = () => {
          if (!messageIds.every((id) => done.has(id))) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    },
    async stop(graceMs) {
      await Promise.all([...mappings.values()].map((mapping) => mapping.stop(graceMs)));
      client.destroy();
    },
  };
}

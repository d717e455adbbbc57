/** The queue that an import goes to. */
import { GetQueueAttributesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { makeQueues, type Queues } from "#aws/queues.ts";
import { ok, type Result } from "#core/result.ts";
import { sqsClientFor } from "../aws-clients.ts";
import { domainsAt, readEndpoints } from "../read-endpoints.ts";
import { wordsOf } from "../words.ts";
import type { Target } from "./options.ts";

export interface Destination {
  /** URL of the queue. */
  readonly url: string;
  readonly queues: Pick<Queues, "send">;
  /** The bridge's own domains where they are known. */
  readonly domains: readonly string[];
  /** Why the queue cannot be used, in the words of whoever knows; the queues' port has but a name for it. */
  ailment(): Promise<string>;
}

/** Where the events go; the error is for people. Nothing is asked of it yet. */
export function openDestination(target: Target): Result<Destination, string> {
  if (target.kind === "queue") {
    const { region, url } = target;
    return ok(destinationOf(new SQSClient({ region, endpoint: new URL(url).origin }), url, []));
  }
  const endpoints = readEndpoints(target.endpoints);
  if (!endpoints.ok) return endpoints;
  const { sqs } = endpoints.value;
  return ok(destinationOf(sqsClientFor(sqs.endpoint), sqs.queues.nativeEvents, domainsAt(endpoints.value)));
}

function destinationOf(client: SQSClient, url: string, domains: readonly string[]): Destination {
  return {
    url,
    domains,
    queues: makeQueues({ client, urls: { nativeEvents: url }, deadLetterUrls: {} }),
    async ailment() {
      try {
        await client.send(new GetQueueAttributesCommand({ QueueUrl: url, AttributeNames: ["QueueArn"] }));
        return "it answers again";
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (code === "ECONNREFUSED") return "nobody listens there; is the bridge running? npm start";
        return code ?? wordsOf(error);
      }
    },
  };
}

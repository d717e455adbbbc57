/** Users with many subscribers, and the walks that tell them. */

import { BatchWriteItemCommand } from "@aws-sdk/client-dynamodb";
import { keyItem } from "#aws/attributes.ts";
import { subscriberKey } from "#aws/keys.ts";
import { walkWork } from "#functions/walk.ts";
import { announce, domain, type Engines, portsOver, take } from "./functions.ts";
import { record } from "./lambda-events.ts";
import { perform } from "./runs.ts";

/** DynamoDB: items in one batch. */
const batchMax = 25;

/** Makes a user with subscribers, straight in the table. */
export async function followed(engines: Engines, user: string, contacts: readonly string[]): Promise<void> {
  await announce(engines, user);
  const puts = contacts.map((contact) => ({
    PutRequest: { Item: keyItem(subscriberKey(domain, user, contact)) },
  }));
  const batches = Array.from({ length: Math.ceil(puts.length / batchMax) }, (_, n) =>
    puts.slice(batchMax * n, batchMax * (n + 1)),
  );
  const write = async () => {
    for (let batch = batches.pop(); batch !== undefined; batch = batches.pop()) {
      const RequestItems = { [engines.tableName]: batch };
      await engines.dynamodb.send(new BatchWriteItemCommand({ RequestItems }));
    }
  };
  await Promise.all([write(), write(), write(), write()]);
}

/** Runs walks until none is left; how many there were. */
export async function broadcastOn(engines: Engines): Promise<number> {
  let steps = 0;
  for (;;) {
    const tasks = await take(engines, "walks");
    if (tasks.length === 0) return steps;
    steps += tasks.length;
    const records = tasks.map(({ body }) => record({ body, group: "" }));
    await perform(walkWork, portsOver(engines), ...records);
  }
}

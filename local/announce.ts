import { randomUUID } from "node:crypto";
import { SendMessageCommand, type SQSClient } from "@aws-sdk/client-sqs";
import { hashId, nativeEventsGroup } from "#aws/hash.ts";
import { asciiJson } from "#core/contract/envelope.ts";

/** How a user id reads as a name: `nina` → `Nina`. */
function nameOf(user: string): string {
  return user.charAt(0).toUpperCase() + user.slice(1);
}

/**
 * Announces native users as a native system does, by a `user.updated` event each. Returns the ids of the
 * queue messages.
 */
export async function announceUsers(
  client: SQSClient,
  queueUrl: string,
  domains: readonly string[],
  users: readonly string[],
): Promise<string[]> {
  const all = domains.flatMap((domain) => users.map((user) => ({ domain, user })));
  const sent = all.map(async ({ domain, user }) => {
    const event = {
      specversion: "1.0",
      id: randomUUID(),
      source: "urn:causeway:local",
      type: "user.updated",
      time: new Date().toISOString(),
      datacontenttype: "application/json",
      data: { domain, user, name: nameOf(user), nick: nameOf(user) },
    };
    const command = new SendMessageCommand({
      QueueUrl: queueUrl,
      MessageBody: asciiJson(event),
      MessageGroupId: nativeEventsGroup(user),
      MessageDeduplicationId: hashId(event.source, event.id),
    });
    return (await client.send(command)).MessageId ?? "";
  });
  return await Promise.all(sent);
}

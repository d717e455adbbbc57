/** What the templates permit to a function or the connector, as calls; and which of them it has for a reason alone. */

import { queueNames } from "#core/contract/queues.ts";
import type { ComputeName } from "#infra/definitions/environment.ts";
import { functionDefinitions } from "#infra/definitions/functions.ts";
import { deadLetterNameOf, physicalNameOf } from "#infra/definitions/queues.ts";
import { tableDefinition } from "#infra/definitions/table.ts";
import { compute, type Json, ofType, queueNamed, type Statement } from "#test/unit/infra/templates.ts";

const names = queueNames.flatMap((queue) => [physicalNameOf(queue), deadLetterNameOf(queue)]);

/** Queues and table by their names, whatever the template calls them; nothing for other resources. */
function resourcesIn(resource: Json): string[] {
  return [resource].flat().flatMap((each) => {
    const text = JSON.stringify(each);
    const queue = names.find((name) => text.includes(`${queueNamed(name).id}Arn`));
    if (queue !== undefined) return [queue];
    return /FnGetAttTable\w+Arn/.test(text) ? [tableDefinition.name] : [];
  });
}

function statementsOf(role: string): Statement[] {
  return ofType(compute, "AWS::IAM::Policy")
    .filter(({ Properties }) => JSON.stringify(Properties["Roles"]).includes(`"${role}`))
    .flatMap(({ Properties }) => {
      const document = Properties["PolicyDocument"] as unknown as { readonly Statement: Statement[] };
      return document.Statement;
    });
}

const roleOf = (name: ComputeName) =>
  name === "connector"
    ? "ConnectorTaskTaskRole"
    : `${name.charAt(0).toUpperCase()}${name.slice(1)}FunctionRole`;

/** What a bridge on one machine may never need, and why it is permitted all the same. */
const reasons: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  message: {},
  presence: {
    "sqs:SendMessage causeway-outbound-presence.fifo": "what another function has left in a pair's outbox",
    "sqs:SendMessage causeway-walks": "a contact that answers with errors is asked again later",
  },
  iq: {},
  native: {},
  walk: {
    "sqs:ChangeMessageVisibility causeway-walks": "a walk that fails comes again soon",
    "sqs:SendMessage causeway-native-events.fifo": "what needs the user's own availability runs in its group",
    "sqs:SendMessage causeway-outbound-presence.fifo": "a broadcast longer than one step",
  },
  connector: {
    "sqs:ChangeMessageVisibility causeway-outbound-stanzas.fifo":
      "what is held for long, or given back at a stop",
    "sqs:ChangeMessageVisibility causeway-outbound-presence.fifo":
      "what is held for long, or given back at a stop",
    "sqs:SendMessage causeway-message-stanzas-dead.fifo":
      "stanzas that no queue takes, or that come too late",
    "sqs:SendMessage causeway-presence-stanzas-dead.fifo":
      "stanzas that no queue takes, or that come too late",
    "sqs:SendMessage causeway-iq-stanzas-dead": "stanzas that no queue takes, or that come too late",
  },
};

/** Here the local poller does it under its own name. */
function pollerReasons(name: ComputeName): Record<string, string> {
  if (name === "connector") return {};
  const queue = physicalNameOf(functionDefinitions[name].queue);
  return Object.fromEntries(
    ["ReceiveMessage", "DeleteMessage", "GetQueueAttributes"].map((action) => [
      `sqs:${action} ${queue}`,
      "Lambda's poller works with the role of the function",
    ]),
  );
}

/** Calls to SQS and DynamoDB that a role permits, as `sqs:SendMessage causeway-walks`; some for a reason alone. */
export function grantedTo(name: ComputeName): {
  readonly granted: readonly string[];
  readonly reasons: Readonly<Record<string, string>>;
} {
  const granted = statementsOf(roleOf(name)).flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => resourcesIn(Resource).map((resource) => `${action} ${resource}`)),
  );
  return { granted, reasons: { ...reasons[name], ...pollerReasons(name) } };
}

/** What the templates permit to a function or the connector, as calls; and which of them it has for a reason alone. */

import { queueNames } from "#core/contract/queues.ts";
import type { ComputeName } from "#infra/definitions/environment.ts";
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

/** Calls to SQS and DynamoDB that a role permits, as `sqs:SendMessage causeway-walks`. */
export function grantedTo(name: ComputeName): { granted: string[]; unused: Record<string, string> } {
  const granted = statementsOf(roleOf(name)).flatMap(({ Action, Resource }) =>
    [Action].flat().flatMap((action) => resourcesIn(Resource).map((resource) => `${action} ${resource}`)),
  );
  return { granted, unused: {} };
}

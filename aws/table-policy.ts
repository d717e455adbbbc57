import { GetItemCommand, PutItemCommand } from "@aws-sdk/client-dynamodb";
import { openPolicy } from "#core/policy.ts";
import { json, keyItem, readJson, type TableOptions } from "./attributes.ts";
import { TransientFault } from "./faults.ts";
import { policyKey } from "./keys.ts";
import { policySchema } from "./stored.ts";
import type { Table } from "./table.ts";

type PolicyMethods = "readPolicy" | "writePolicy";

/** The policies of operators. */
export function makePolicyTable(options: TableOptions): Pick<Table, PolicyMethods> {
  const { client, name: TableName } = options;
  return {
    async readPolicy(domain) {
      const key = keyItem(policyKey(domain));
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: key, ConsistentRead: true }));
      if (Item === undefined) return openPolicy;
      try {
        return readJson(Item, "policy", policySchema);
      } catch (error) {
        // Everything waits for people to mend it: to set it all aside, or let it all in, would be worse.
        throw new TransientFault(`the policy of ${domain} cannot be read`, { cause: error });
      }
    },

    async writePolicy(domain, policy) {
      const Item = { ...keyItem(policyKey(domain)), policy: json(policy) };
      await client.send(new PutItemCommand({ TableName, Item }));
    },
  };
}

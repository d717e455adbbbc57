/** `ops resync`: asks and tells everything again, as after a gap in the stream. */
import { newTrace } from "#aws/trace.ts";
import { encodeItem, type WalkTaskOf, writePack } from "#core/contract/envelope.ts";
import { parseUserId } from "#core/mapping.ts";
import type { Bridge } from "./bridge.ts";
import { answer, type Command, Complaint, domainOf, exits, type Given } from "./command.ts";
import { plural } from "./text.ts";

type Task = WalkTaskOf<"resync">;

/** The walks that are meant. */
async function tasksOf(bridge: Bridge, given: Given, begun: string): Promise<readonly Task[]> {
  const [scope = ""] = given.positionals;
  const isWhole = scope === "all" || bridge.domains.includes(scope);
  if (isWhole && given.domain !== undefined && given.domain !== scope)
    throw new Complaint(`${scope} or --domain ${given.domain}? give one of them`, exits.wrongUsage);
  const domains =
    scope === "all" ? bridge.domains : bridge.domains.includes(scope) ? [scope] : [domainOf(bridge, given)];
  const user = isWhole ? undefined : await userOf(bridge, domains, scope);
  const taskOf = async (domain: string): Promise<Task> => {
    const fence = await bridge.table.readFence(domain);
    return {
      ...{ kind: "resync", id: `${fence}.${begun}.greet.0`, trace: newTrace(), hops: 0, domain },
      ...{ fence, since: begun, begun, phase: "greet", step: 0, ...(user !== undefined && { user }) },
    };
  };
  return Promise.all(domains.map(taskOf));
}

async function userOf(bridge: Bridge, [domain = ""]: readonly string[], text: string): Promise<string> {
  const user = parseUserId(text);
  if (!user.ok) throw new Complaint(`${text}: ${user.error}`, exits.wrongUsage);
  if ((await bridge.table.readUser(domain, user.value)) !== undefined) return user.value;
  throw new Complaint(
    `${text} is no user of ${domain}, no domain that is served, and not "all"`,
    exits.wrongUsage,
  );
}

export const resync: Command = {
  summary: "asks contacts for their presence and tells them users' again",
  help: `ops resync USER|DOMAIN|all            as after a gap in the stream, for one user, one domain or all

For each pair the contact is asked for its presence, told the user's, and asked again what it has not answered.
Paced, so that nobody's server is flooded: 250 pairs a second. Nothing is lost or changed by it, so it needs no
--yes. A later one replaces an earlier one through the same domain.`,
  check: ({ positionals }) =>
    positionals.length === 1 ? undefined : "give one of USER, DOMAIN and all, like: resync nina",
  async run(bridge, given, screen) {
    const tasks = await tasksOf(bridge, given, new Date().toISOString());
    const messages = tasks.map((task) => ({ body: writePack([encodeItem(task)]) }));
    const [failure] = await bridge.queues.send("walks", messages);
    if (failure !== undefined) throw new Complaint(`the queue walks takes nothing: ${failure.reason}`);
    const begun = tasks.map(({ domain, user, trace }) => ({
      domain,
      ...(user !== undefined && { user }),
      trace,
    }));
    answer(screen, given, { begun }, () =>
      [
        `${plural(tasks.length, "walk")} begun: ${begun.map(({ domain, user }) => user ?? domain).join(", ")}`,
        "They go on by themselves. What they ask and tell leaves through outbound-stanzas: npm run ops -- queues",
      ].join("\n"),
    );
    return exits.fine;
  },
};

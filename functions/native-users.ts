/** What is said of native users themselves. */
import { TransientFault } from "#aws/faults.ts";
import type { UserRecord } from "#aws/table.ts";
import type { NativeEventOf } from "#core/contract/events.ts";
import { fieldsNotYet } from "#core/contract/not-yet.ts";
import type { Rejection } from "#core/contract/rejection.ts";
import type { Cause } from "#core/decision.ts";
import { limits } from "#core/limits.ts";
import { localpartOfUser } from "#core/mapping.ts";
import { sendWalk } from "./effects.ts";
import { localpartFixed, localpartTaken, unsupported } from "./native-rejections.ts";
import type { Ports } from "./ports.ts";

/** Announces a user, or changes what is known of it; its address stays what it was at first. */
export async function updateUser(
  event: NativeEventOf<"user.updated">,
  cause: Cause,
  ports: Ports,
): Promise<Rejection | undefined> {
  const { domain, user, name, nick } = event.data;
  const localpart = event.data.localpart ?? localpartOfUser(user);
  const texts = { ...(name === undefined ? {} : { name }), ...(nick === undefined ? {} : { nick }) };
  const record: UserRecord = { domain, user, localpart, mark: cause.mark, ...texts };
  const outcome = await ports.directory.announce(record);
  if (outcome === "localpart-taken") return localpartTaken(event);
  if (outcome === "exists") {
    const known = await ports.table.readUser(domain, user);
    // The address is free again when the last contact has been told; until then the user's events wait.
    if (known?.removing) throw new TransientFault("the user is being removed");
    const other = event.data.localpart !== undefined && event.data.localpart !== known?.localpart;
    if (other) return localpartFixed(event);
    await ports.table.updateProfile(record);
  }
  const notYet = fieldsNotYet["user.updated"].find((field) => event.data[field] !== undefined);
  return notYet && unsupported(event, `/data/${notYet}`);
}

/**
 * Nothing of the user is taken from here on; its contacts are told step by step, once no function takes it for
 * known any more. Of a user that is gone already there is nothing to do: the event has come again. 1 write.
 */
export async function removeUser(
  event: NativeEventOf<"user.removed">,
  cause: Cause,
  ports: Ports,
): Promise<undefined> {
  const { domain, user } = event.data;
  if (!(await ports.table.beginRemoval(domain, user, cause.mark))) return;
  ports.directory.forget(domain, user);
  const { id, mark, time, trace, hops } = cause;
  const task = { kind: "farewell", id, trace, hops, domain, user, cause: { id, mark, time } } as const;
  await sendWalk(ports, task, limits.profileCacheMs / 1000);
}

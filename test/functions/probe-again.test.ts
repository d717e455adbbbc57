/** Contacts that answer with an error are unknown, and asked again a few times, over real engines. */
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import type { SQSRecord } from "aws-lambda";
import { limits } from "#core/limits.ts";
import type { PairState } from "#core/pair.ts";
import { parseStanza } from "#core/xmpp/codec.ts";
import { nativeWork } from "#functions/native.ts";
import { presenceWork } from "#functions/presence.ts";
import { faulty } from "#test/harness/faults.ts";
import { announce, domain, portsOver, relate, takeEvents, takeStanzas } from "#test/harness/functions.ts";
import { again } from "#test/harness/lambda-events.ts";
import { invoke, makeStage, perform, type Stage } from "#test/harness/runs.ts";
import { useEngines } from "#test/harness/use-engines.ts";
import { type HeldWalks, holdWalks, takeStep } from "#test/harness/walks.ts";

const engines = await useEngines();
let parts: HeldWalks;

beforeEach(() => {
  parts = holdWalks(engines);
});

async function meet(state: Partial<PairState>): Promise<Stage> {
  const stage = makeStage();
  await announce(engines, stage.user);
  await relate(engines, stage.pair, state);
  return stage;
}

async function handle(...records: SQSRecord[]): Promise<void> {
  await perform(presenceWork, portsOver(parts), ...records);
}

const unreachable = `<error type="cancel"><remote-server-not-found xmlns="urn:ietf:params:xml:ns:xmpp-stanzas"/></error>`;
const error = (id?: string) => ({
  name: "presence" as const,
  attrs: { type: "error", ...(id === undefined ? {} : { id }) },
  children: unreachable,
});
const online = { name: "presence", resource: "phone" } as const;
const toFullJid = ({ user }: Stage) => ({ to: `${user}@${domain}/causeway` });

const told = async () =>
  (await takeEvents(engines)).map(
    ({ type, data }) => `${type} ${"show" in data ? String(data["show"]) : ""}`,
  );
const known = async ({ pair }: Stage) => Object.keys((await engines.table.readAvailability(pair)) ?? {});

/** The next probe that is put off, once its time has come; the id under which it was sent, if it was. */
async function probeWhenTime(): Promise<{ delayS: number; id: string | undefined }> {
  const later = parts.held.shift();
  assert.equal(later?.task.kind, "probe");
  assert.ok(later && (await takeStep(later.task, portsOver(parts))));
  const [sent, ...more] = await takeStanzas(engines);
  assert.deepEqual(more, []);
  const stanza = sent && parseStanza(sent.xml);
  if (!stanza?.ok) return { delayS: later.delayS, id: undefined };
  assert.equal(stanza.value.attrs["type"], "probe");
  return { delayS: later.delayS, id: stanza.value.attrs["id"] };
}

describe("an error makes a contact unknown", () => {
  test("that was there: it is told once, and asked again later", async () => {
    const stage = await meet({ state: "both" });
    await handle(stage.stanzas(online));
    // A broadcast that came back has no id.
    const failed = error();
    const one = stage.stanzas({ ...failed, attrs: { ...failed.attrs, ...toFullJid(stage) } });
    await handle(one);
    assert.deepEqual(await told(), ["presence.changed online", "presence.changed offline"]);
    assert.deepEqual(await known(stage), []);
    const { delayS, id } = await probeWhenTime();
    assert.equal(delayS, limits.errorProbeS);
    assert.match(id ?? "", /^probe\//);
    await handle(again(one));
    assert.deepEqual(await told(), []);
  });

  test("and nobody is asked again who was unknown already", async () => {
    const stage = await meet({ state: "both" });
    await handle(stage.stanzas(error("x")));
    assert.deepEqual([await told(), parts.held], [[], []]);
  });

  test("but that of a request is told instead, also when it comes again", async () => {
    const stage = await meet({ state: "both" });
    await handle(stage.stanzas(online));
    const one = stage.stanzas(error("subscribe/e-1"));
    await handle(one);
    await handle(again(one));
    assert.deepEqual(await told(), ["presence.changed online", "contact.failed "]);
    assert.deepEqual(await known(stage), ["phone"]);
    assert.deepEqual(parts.held, []);
  });

  test("and a stranger or somebody blocked is none of its business", async () => {
    for (const state of [{ state: "none" }, { state: "both", blocked: true }] as const) {
      const stage = await meet(state);
      await handle(stage.stanzas(error("probe/resync.5.x")));
      for (const later of parts.held.splice(0)) await takeStep(later.task, portsOver(parts));
      assert.deepEqual([await told(), await takeStanzas(engines)], [[], []]);
    }
  });
});

describe("it is asked again", () => {
  test("after pauses that double, and no longer than the limit, when each probe errors", async () => {
    const stage = await meet({ state: "to" });
    await handle(stage.stanzas(error("probe/resync.5.x")));
    const pauses: number[] = [];
    const ids = new Set<string>();
    while (parts.held.length > 0) {
      assert.ok(pauses.length < 20, "there is an end");
      const { delayS, id = assert.fail("asked") } = await probeWhenTime();
      pauses.push(delayS);
      ids.add(id);
      await handle(stage.stanzas(error(id)));
    }
    const expected = Array.from({ length: limits.errorProbesMax }, (_, n) =>
      Math.min(limits.errorProbeS * 2 ** n, limits.queueDelaySMax),
    );
    assert.deepEqual(pauses, expected);
    assert.equal(ids.size, expected.length);
    assert.deepEqual(await told(), []);
  });

  test("from the first pause on, once it was there in between", async () => {
    const stage = await meet({ state: "to" });
    await handle(stage.stanzas(error("probe/resync.5.x")));
    await probeWhenTime();
    await handle(stage.stanzas(online));
    await handle(stage.stanzas(error("x")));
    assert.equal((await probeWhenTime()).delayS, limits.errorProbeS);
  });

  test("under numbers of its own making neither for ever nor at once", async () => {
    const stage = await meet({ state: "to" });
    for (const attempt of ["99999999999999999999", "7", "6"]) {
      await handle(stage.stanzas(error(`probe/probe.${attempt}.x`)));
      assert.deepEqual(parts.held, [], attempt);
    }
    for (const attempt of ["-7", "0", "x", ""]) {
      await handle(stage.stanzas(error(`probe/probe.${attempt}.x`)));
      assert.equal((await probeWhenTime()).delayS, limits.errorProbeS, attempt);
    }
  });

  test("unless it is known by then", async () => {
    const stage = await meet({ state: "to" });
    await handle(stage.stanzas(error("probe/resync.5.x"), online));
    assert.equal((await probeWhenTime()).id, undefined);
  });

  for (const what of ["contact.removed", "contact.blocked", "user.removed"] as const) {
    test(`unless there was a ${what}`, async () => {
      const stage = await meet({ state: "to" });
      await handle(stage.stanzas(error("probe/resync.5.x")));
      const [probe] = parts.held;
      const event = stage.native(what, what === "user.removed" ? { contact: undefined } : {});
      await invoke(nativeWork, portsOver(parts), [event]);
      await takeStanzas(engines);
      parts.held.splice(0, parts.held.length, ...(probe === undefined ? [] : [probe]));
      assert.equal((await probeWhenTime()).id, undefined);
    });
  }

  test("once, though the step comes again", async () => {
    const stage = await meet({ state: "to" });
    await handle(stage.stanzas(error("probe/resync.5.x")));
    const [later] = parts.held;
    for (const _ of "12") await takeStep(later?.task ?? assert.fail(), portsOver(parts));
    assert.equal((await takeStanzas(engines)).length, 1);
    assert.equal(new Set(parts.sent.map(({ dedup, body }) => `${dedup} ${body}`)).size, 1);
  });
});

for (const ending of ["dies", "dies-after"] as const) {
  test(`what an error leaves behind is the same wherever the function ${ending}`, async () => {
    for (let callToDieAt = 0; ; callToDieAt++) {
      const stage = await meet({ state: "both" });
      await handle(stage.stanzas(online));
      await told();
      parts = holdWalks(engines);
      const records = [stage.stanzas(error("probe/resync.5.x")), stage.stanzas(error("subscribe/1"))];
      const dying = faulty(parts, (index) => (index === callToDieAt ? ending : "done"));
      const answer = await Promise.race([invoke(presenceWork, portsOver(dying), records), dying.died]);
      if (dying.calls.length <= callToDieAt) {
        assert.ok(callToDieAt > 5, "there were calls to die at");
        return;
      }
      const comeAgain = records.map((one) => again(one));
      if (answer === "died") await handle(...comeAgain);
      const ids = new Set(parts.held.map(({ task }) => task.id));
      const seen = [await told(), await known(stage), ids.size];
      assert.deepEqual(seen, [["presence.changed offline", "contact.failed "], [], 1], `call ${callToDieAt}`);
    }
  });
}

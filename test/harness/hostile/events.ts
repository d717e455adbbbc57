/** Events of a native system that has lost its way: the examples of the contract, changed. */
import { asciiJson } from "#core/contract/envelope.ts";
import { type NativeEventType, nativeEventTypes } from "#core/contract/events.ts";
import { nativeExample } from "#local/docs/examples.ts";
import type { Random } from "./random.ts";
import { knownNames, longTexts, nastyNames, nastyTexts } from "./values.ts";

/** Types that this is about most; the others come along. */
const sayings: readonly NativeEventType[] = [
  "message.sent",
  "message.edited",
  "message.retracted",
  "message.reacted",
  "message.delivered",
  "message.displayed",
  "typing.changed",
];

/** What JavaScript makes of JSON, and XML of nothing. */
const illegal = [
  "\0",
  "\u0001",
  "\u000b",
  "\u001f",
  "\u007f",
  "\u0085",
  "\ud800",
  "\udc00x",
  "\ufffe",
  "\uffff",
];

function text(random: Random): string {
  if (random.oneIn(2000)) return random.pick(longTexts);
  const one = random.pick(nastyTexts);
  return random.oneIn(4) ? one + random.pick(illegal) + random.pick(nastyTexts) : one;
}

/** Well-formed content of every field, to be mixed. */
function fields(random: Random): Record<string, unknown> {
  const attachment = () => ({
    url: `https://files.example.com/${random.below(9)}.png`,
    ...(random.oneIn(2) ? { name: text(random), size: random.below(1e9) } : {}),
    ...(random.oneIn(3)
      ? { width: random.below(9000), height: random.below(9000), mediaType: "image/png" }
      : {}),
    ...(random.oneIn(4) ? { hash: "sha-256:47DEQpj8HBSa+/TImW+5JA==", description: text(random) } : {}),
  });
  return {
    id: random.oneIn(2) ? `m${random.below(99)}` : text(random),
    replaces: random.oneIn(2) ? "m0" : text(random),
    body: random.oneIn(2) ? `Hello ${text(random)}` : text(random),
    subject: text(random),
    thread: text(random),
    threadParent: text(random),
    kind: random.pick(["normal", "headline", "chat"]),
    replyTo: {
      id: text(random),
      originId: text(random),
      author: random.pick(["user", "contact"]),
      quote: text(random),
    },
    attachments: Array.from({ length: 1 + random.below(random.oneIn(50) ? 40 : 3) }, attachment),
    style: random.pick(["plain", "xep0393"]),
    hints: [random.pick(["store", "no-store", "no-copy", "no-permanent-store"])],
    emojis: Array.from({ length: random.below(5) }, () => random.pick(["👍", "❤️", text(random)])),
    part: random.below(5),
    parts: random.below(40),
    originId: text(random),
    state: random.pick(["active", "composing", "paused", "inactive", "gone", text(random)]),
  };
}

function nastyJson(random: Random): unknown {
  const values = [
    null,
    true,
    -1,
    1e308,
    0.5,
    [],
    {},
    [[]],
    [null],
    { __proto__: null },
    text(random),
    [text(random)],
  ];
  return random.pick(values);
}

/** One body of `native-events` after the other. */
export function nextEvent(random: Random): string {
  const type = random.pick(random.oneIn(5) ? nativeEventTypes : sayings);
  const example = nativeExample(type);
  const data: Record<string, unknown> = { ...example.data };
  for (const [name, value] of Object.entries(fields(random))) if (random.oneIn(3)) data[name] = value;
  const event: Record<string, unknown> = { ...example, data };
  for (let n = random.below(3); n > 0; n--) {
    const target = random.oneIn(4) ? event : data;
    const names = [...Object.keys(target), random.pick(nastyNames), random.pick(knownNames)];
    const name = random.pick(names);
    // Assigned, `__proto__` would be no property of its own.
    Object.defineProperty(target, name, {
      value: nastyJson(random),
      enumerable: true,
      configurable: true,
      writable: true,
    });
  }
  const body = random.oneIn(2) ? asciiJson(event) : JSON.stringify(event);
  return random.oneIn(20) ? body.slice(0, random.below(body.length)) : body;
}

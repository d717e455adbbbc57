/**
 * What the native system can do, declared once: what it cannot do is not offered to contacts, and falls back by rule
 * where they use it all the same. Never is anything lost in silence.
 */
import * as v from "valibot";
import { limits } from "./limits.ts";
import { hasForbiddenCharacters } from "./xmpp/codec.ts";

const flag = (description: string) => v.optional(v.pipe(v.boolean(), v.description(description)), true);
const count = (description: string, most: number) =>
  v.optional(
    v.pipe(v.number(), v.safeInteger(), v.minValue(1), v.maxValue(most), v.description(description)),
    most,
  );

export const capabilitiesSchema = v.strictObject({
  edits: flag(
    "Messages may be corrected. Otherwise a contact's correction arrives as a new, marked message.",
  ),
  retractions: flag(
    "Messages may be taken back. Otherwise a contact's retraction arrives as a line of text.",
  ),
  replies: flag("A message may answer another. Otherwise the quotation stays in the text."),
  reactions: v.optional(
    v.pipe(
      v.union([
        v.literal(false),
        v.strictObject({
          allowed: v.exactOptional(
            v.pipe(
              v.array(
                v.pipe(
                  v.string(),
                  v.nonEmpty(),
                  v.maxLength(limits.emojiCharsMax),
                  // They stand in answers to service discovery.
                  v.check((emoji) => !hasForbiddenCharacters(emoji), "text without control characters"),
                ),
              ),
              v.nonEmpty(),
              v.description("The only reactions that there are; contacts' clients are told. Default: any."),
            ),
          ),
          max: count("Reactions of one person to one message.", limits.emojisMax),
        }),
      ]),
      v.description(
        "Messages may be reacted to. `false`: a contact's reaction arrives as a short text. What is not allowed is refused.",
      ),
    ),
    {},
  ),
  receipts: v.optional(
    v.pipe(
      v.picklist(["delivered", "handover", "off"]),
      v.description(
        "When a contact that asks is told of delivery: at `message.delivered`, as soon as the event is in the native system's queue, or never.",
      ),
    ),
    "delivered",
  ),
  markers: flag("It is told what was displayed, and tells it."),
  typing: flag("It is told who types, and tells it."),
  attachments: v.optional(
    v.pipe(
      v.union([
        v.literal(false),
        v.strictObject({
          bytesMax: v.exactOptional(
            v.pipe(
              v.number(),
              v.safeInteger(),
              v.minValue(1),
              v.description("Largest file, in bytes; larger ones are refused. Default: any size."),
            ),
          ),
        }),
      ]),
      v.description("Messages may carry files. `false`: the URL of a contact's file arrives as text."),
    ),
    {},
  ),
  styling: flag("Text may be Message Styling (XEP-0393). Otherwise it is always plain."),
  body: v.optional(
    v.pipe(
      v.strictObject({
        charsMax: v.exactOptional(
          v.pipe(
            v.number(),
            v.safeInteger(),
            v.minValue(16),
            v.description("Longest text, in graphemes. Default: as long as events may be."),
          ),
        ),
        tooLong: v.optional(
          v.pipe(v.picklist(["split", "refuse"]), v.description("What happens to a longer one.")),
          "split",
        ),
      }),
      v.description("How long a text may be."),
    ),
    {},
  ),
  routed: v.optional(
    v.pipe(
      v.boolean(),
      v.description(
        "It is told by `message.routed` when our XMPP server has taken a message on, which costs about as much as one message more.",
      ),
    ),
    false,
  ),
  tellStrangers: v.optional(
    v.pipe(
      v.boolean(),
      v.description("Typing, receipts and markers also go to contacts who may not see the user's presence."),
    ),
    false,
  ),
});

/** As a deployment declares them: what is left out has its default. */
export type DeclaredCapabilities = v.InferInput<typeof capabilitiesSchema>;

export type Capabilities = v.InferOutput<typeof capabilitiesSchema>;

/** All of it: what holds where nothing is declared. */
export const allCapabilities: Capabilities = v.parse(capabilitiesSchema, {});

/**
 * Features (XEP-0030) that every client of a contact has that is online; undefined where that is not known, as of a
 * contact whose presence the user does not see.
 */
export type ContactFeatures = ReadonlySet<string> | undefined;

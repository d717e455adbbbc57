/** A stream that is up: its link, its barriers, its clocks. */
import type { Limits } from "#core/limits.ts";
import { type Barriers, makeBarriers } from "./barriers.ts";
import type { Link } from "./link.ts";

export interface Session {
  /** Larger than that of every stream before it. */
  readonly fence: number;
  /** Milliseconds since 1970 when it came up. */
  readonly since: number;
  /** Writes without asking for confirmation. */
  write(xml: string): Promise<void>;
  /** Writes, and a barrier right behind. */
  confirm(xml: string): { readonly written: Promise<void>; readonly back: Promise<boolean> };
}

export interface SessionClocks {
  readonly session: Session;
  readonly barriers: Barriers;
  /** Reading is held, or goes on. */
  held(held: boolean): void;
  /** The stream has ended or is being closed: nothing is confirmed any more. */
  end(): void;
}

/** @param closeOnPurpose called when reading has been held for `limits.pauseMsMax`. */
export function makeSession(options: {
  link: Link;
  domain: string;
  fence: number;
  limits: Limits;
  closeOnPurpose: () => void;
}): SessionClocks {
  const { link, domain, fence, limits } = options;
  const barriers = makeBarriers(domain, limits, link.destroy);
  let liveness: NodeJS.Timeout | undefined;
  let pause: NodeJS.Timeout | undefined;
  let ended = false;

  const confirm = (xml: string) => {
    const { xml: ping, back } = barriers.issue();
    return { written: link.write(xml + ping), back };
  };

  /** Pings when nothing was read for a while and no barrier is under way anyway. */
  const watch = (ms: number) => {
    liveness = setTimeout(() => {
      const silentMs = performance.now() - link.readAt();
      if (silentMs >= limits.livenessMs) {
        // A failed write ends the stream, and the stream says why.
        if (barriers.waiting() === 0) confirm("").written.catch(() => {});
        watch(limits.livenessMs);
      } else watch(limits.livenessMs - silentMs);
    }, ms);
  };
  watch(limits.livenessMs);

  return {
    session: { fence, since: Date.now(), write: link.write, confirm },
    barriers,
    held(held) {
      clearTimeout(pause);
      if (ended) return;
      if (held) {
        barriers.pause();
        pause = setTimeout(options.closeOnPurpose, limits.pauseMsMax);
      } else barriers.resume();
    },
    end() {
      ended = true;
      clearTimeout(liveness);
      clearTimeout(pause);
      barriers.end();
    },
  };
}

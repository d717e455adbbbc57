/** A stream that is up: its link, its barriers, its clocks. */
import type { Limits } from "#core/limits.ts";
import { type Barriers, makeBarriers } from "./barriers.ts";
import type { Link } from "./link.ts";
import type { Log } from "./log.ts";

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
  log: Log;
}): SessionClocks {
  const { link, domain, fence, limits, log } = options;
  let isShared = false;
  const silentMs = () => performance.now() - link.readAt();
  const barriers = makeBarriers(domain, limits, {
    silentMs,
    dead: link.destroy,
    again: () => ping(),
    overtaken() {
      if (!isShared) log("error", "stream.shared", { fence });
      isShared = true;
    },
  });
  let liveness: NodeJS.Timeout | undefined;
  let pause: NodeJS.Timeout | undefined;
  let ended = false;

  const confirm = (xml: string) => {
    const { xml: barrier, back } = barriers.issue();
    return { written: link.write(xml + barrier), back };
  };

  const ping = () => {
    // A failed write ends the stream, and the stream says why.
    confirm("").written.catch(() => {});
  };

  /** Pings when nothing was read for a while and no barrier is under way anyway. */
  const watch = (ms: number) => {
    liveness = setTimeout(() => {
      const leftMs = limits.livenessMs - silentMs();
      if (leftMs <= 0 && barriers.waiting() === 0) ping();
      watch(leftMs <= 0 ? limits.livenessMs : leftMs);
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

/** The progress line: written over and over on a terminal, now and then elsewhere. */
const terminalMs = 250;
const logMs = 5_000;

export interface Screen {
  /** A line above the progress. */
  readonly tell: (text: string) => void;
  /** Shows the progress from now on. */
  readonly follow: (progress: () => string) => void;
  readonly end: () => void;
}

/** Writes to standard error, so that a result can be told apart from it. */
export function openScreen(): Screen {
  const { stderr } = process;
  const interactive = stderr.isTTY === true;
  const clear = interactive ? "\r\u001b[K" : "";
  let timer: NodeJS.Timeout | undefined;
  return {
    tell: (text) => {
      stderr.write(`${clear}${text}\n`);
    },
    follow: (progress) => {
      const show = () => stderr.write(`${clear}${progress()}${interactive ? "" : "\n"}`);
      timer = setInterval(show, interactive ? terminalMs : logMs);
    },
    end: () => {
      clearInterval(timer);
      stderr.write(clear);
    },
  };
}

/** What the architecture test reads of a source file: its text, its code without words, its imports. */

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** A broken rule: where, and what to do about it. */
export interface Finding {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** Gone at run time. */
  readonly typeOnly: boolean;
}

/** The line, from 1, of an offset. */
export function lineAt(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

// What may stand before a slash that begins a regular expression; after anything else it divides.
const beforeRegex = /(?:^|[(,=:[!&|?{};+\-*%<>~^]|\b(?:return|typeof|case|in|of|await|yield|throw))\s*$/;

// A comment, a whole string, a regular expression (class or escape may hold a slash), in this order.
const comment = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const quoted = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const regex = /\/(?![*/])(?:[^\\/[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
const templatePart = /(?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;

function matchAt(pattern: RegExp, text: string, at: number): string | undefined {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0];
}

const blank = (text: string) => text.replace(/[^\n]/g, " ");
const blankInside = (text: string) =>
  text.charAt(0) + blank(text.slice(1, -1)) + text.charAt(text.length - 1);

/**
 * The code alone: comments and the insides of strings, templates and regular expressions become spaces, so
 * that every offset and line stays where it was.
 */
export function codeOf(text: string): string {
  let code = "";
  // Braces open inside each template hole that we are in, innermost last.
  const holes: number[] = [];
  const template = () => {
    const part = matchAt(templatePart, text, code.length) ?? text.slice(code.length);
    if (part.endsWith("${")) holes.push(0);
    code += blank(part.slice(0, -1)) + part.slice(-1);
  };
  while (code.length < text.length) {
    const at = code.length;
    const char = text.charAt(at);
    const hole = holes.at(-1);
    const noise = char === "/" ? matchAt(comment, text, at) : undefined;
    const string = char === '"' || char === "'" ? matchAt(quoted, text, at) : undefined;
    const expression = char === "/" && beforeRegex.test(code) ? matchAt(regex, text, at) : undefined;
    if (noise !== undefined) code += blank(noise);
    else if (string !== undefined) code += blankInside(string);
    else if (expression !== undefined) code += blankInside(expression);
    else if (char === "`") {
      code += char;
      template();
    } else if (char === "}" && hole === 0) {
      holes.pop();
      code += char;
      template();
    } else {
      if (hole !== undefined && char === "{") holes[holes.length - 1] = hole + 1;
      if (hole !== undefined && char === "}") holes[holes.length - 1] = hole - 1;
      code += char;
    }
  }
  return code;
}

const importStart =
  /\b(?:import|export)\b(\s+type\b)?[^;"'`()]*?\bfrom\s*["']|\bimport\s*\(?\s*["'`]|\brequire\s*\(\s*["'`]/g;

/** Every module that a file names: static, re-exported, dynamic and required. */
export function importsOf(file: SourceFile): Import[] {
  return [...codeOf(file.text).matchAll(importStart)].map((match) => {
    const start = match.index + match[0].length;
    const quote = match[0].slice(-1);
    return {
      specifier: file.text.slice(start, file.text.indexOf(quote, start)),
      line: lineAt(file.text, start),
      typeOnly: match[1] !== undefined,
    };
  });
}

/** The file that an import names, from the repository's root; `undefined` for packages. */
export function targetOf(path: string, specifier: string): string | undefined {
  if (specifier.startsWith("#")) return specifier.slice(1);
  if (!specifier.startsWith(".")) return undefined;
  return new URL(specifier, `file:///${path}`).pathname.slice(1);
}

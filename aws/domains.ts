/** The domains that are served, and what the names of their own queues are (docs/decisions/0019). */
import { limits } from "#core/limits.ts";
import { err, ok, type Result } from "#core/result.ts";
import { prepareDomain } from "#core/xmpp/jid.ts";
import { hashId } from "./hash.ts";

const suffixChars = 12;

/** What the names of a further domain's own queues have in them. */
export function queueSuffixOf(domain: string): string {
  return hashId(domain).slice(0, suffixChars);
}

const fifoEnd = /(-dead)?\.fifo$/;

/**
 * The name or URL of a further domain's own queue, or of its dead letters, from that of the first domain:
 * `…outbound-stanzas.fifo` → `…outbound-stanzas-<hash>.fifo`. `undefined` for what is no name of a FIFO queue.
 */
export function addressOfDomain(address: string, domain: string): string | undefined {
  const suffix = `-${queueSuffixOf(domain)}`;
  return fifoEnd.test(address) ? address.replace(fifoEnd, (end) => suffix + end) : undefined;
}

function faultOf(prepared: readonly string[], suffixOf: (domain: string) => string): string | undefined {
  const twice = prepared.find((domain, index) => prepared.indexOf(domain) !== index);
  if (twice !== undefined) return `${twice} is in it twice, name each domain once`;
  if (prepared.length > limits.domainsMax)
    return `it has ${prepared.length}, ${limits.domainsMax} are the most`;
  const bytes = Buffer.byteLength(prepared.join(","));
  if (bytes > limits.domainsBytesMax) {
    return `it takes ${bytes} bytes, ${limits.domainsBytesMax} are the most`;
  }
  const suffixes = prepared.map(suffixOf);
  const clash = suffixes.findIndex((suffix, index) => suffixes.indexOf(suffix) !== index);
  if (clash === -1) return undefined;
  const other = prepared[suffixes.indexOf(suffixes[clash] ?? "")];
  return `${other} and ${prepared[clash]} would share queues, rename one of them`;
}

/**
 * Reads a list of component domains, separated by commas: prepared, as stanzas name them, so that a capital letter
 * does not make every stanza a stranger's. A domain below another is one of its own.
 *
 * @returns or what is wrong with it, as the end of a sentence
 */
export function readDomains(
  list: string,
  suffixOf: (domain: string) => string = queueSuffixOf,
): Result<readonly [string, ...string[]], string> {
  const domains: string[] = [];
  for (const [index, entry] of list.split(",").entries()) {
    if (entry.trim() === "") return err(`entry ${index + 1} is empty, leave out the comma or name a domain`);
    const prepared = prepareDomain(entry.trim());
    if (!prepared.ok) return err(`${JSON.stringify(entry.trim())} is no domain (${prepared.error})`);
    domains.push(prepared.value);
  }
  const fault = faultOf(domains, suffixOf);
  const [first, ...further] = domains;
  return fault === undefined && first !== undefined ? ok([first, ...further]) : err(fault ?? "it is empty");
}

/** The prepared domain that is meant, where it is one of those that are served. */
export function servedDomain(name: string, domains: readonly string[]): string | undefined {
  const domain = prepareDomain(name);
  return domain.ok && domains.includes(domain.value) ? domain.value : undefined;
}

const quoted = /^\s*"((?:[^"]|"")*)"\s*(?:,|$)/;
const plain = /^([^",]*)(?:,|$)/;

/**
 * The fields of one CSV line (RFC 4180 §2), undefined where its quotes are wrong. Blanks around a field are dropped
 * unless they are quoted; a field cannot go on in the next line.
 */
export function readCsv(line: string): string[] | undefined {
  const fields: string[] = [];
  for (let rest = line; ; ) {
    const inQuotes = quoted.exec(rest);
    const field = inQuotes ?? plain.exec(rest);
    if (field === null) return undefined;
    const [whole, text = ""] = field;
    fields.push(inQuotes === null ? text.trim() : text.replaceAll('""', '"'));
    if (!whole.endsWith(",")) return fields;
    rest = rest.slice(whole.length);
  }
}

const encoder = new TextEncoder();

/** Size of a text in UTF-8, in bytes. */
export function utf8Bytes(text: string): number {
  return encoder.encode(text).length;
}

/** Whether a text takes more bytes. UTF-8 has at most 3 for a UTF-16 unit: what is short in any case is not encoded. */
export function isLonger(text: string, bytesMax: number): boolean {
  return text.length * 3 > bytesMax && utf8Bytes(text) > bytesMax;
}

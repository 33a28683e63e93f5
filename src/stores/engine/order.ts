/** Whether a name comes after another in the order of their UTF-8 bytes, as databases compare them. */
export function isAfter(name: string, other: string): boolean {
  return bytewise(name) > bytewise(other);
}

/** Surrogates stand for what is above all other characters, but their own numbers are not. */
function bytewise(text: string): string {
  return text.replace(/[\uD800-\uDFFF]/g, (unit) => `\uFFFF${unit}`);
}

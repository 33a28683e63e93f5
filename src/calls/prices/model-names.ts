const DAY = "(?:0[1-9]|[12]\\d|3[01])";
const MONTH = "(?:0[1-9]|1[0-2])";

/**
 * What names a version of a model: a date (`2024-07-18`, `20250929`, `250715`, `06-05`, `09-2025`), four digits (`0709`,
 * `2411`), three (`001`), `latest`, or Bedrock's `v1:0`.
 */
const VERSION = [
  `20\\d\\d-${MONTH}-${DAY}`,
  `20\\d\\d${MONTH}${DAY}`,
  `2\\d${MONTH}${DAY}`,
  `${MONTH}-${DAY}`,
  `${MONTH}-20\\d\\d`,
  `${MONTH}${DAY}`,
  `2\\d${MONTH}`,
  "0\\d\\d",
  "latest",
  "default",
  "v?\\d+:\\d+",
].join("|");

const LAST_VERSION = /* @__PURE__ */ new RegExp(`[-@](?:${VERSION})$`);
const ONLY_VERSIONS = /* @__PURE__ */ new RegExp(`^(?:[-@](?:${VERSION}))+$`);

/** Whether a text is one version or several, each after `-` or `@`. */
export function isVersion(text: string): boolean {
  return ONLY_VERSIONS.test(text);
}

/** A name, then the same name with one more version taken off its end, and so on. */
export function withoutVersions(name: string): readonly string[] {
  const names = [name];
  for (let last = name; LAST_VERSION.test(last);) {
    last = last.replace(LAST_VERSION, "");
    names.push(last);
  }
  return names;
}

/**
 * The names to look for in a price list, the best first: the name as it is, then under each prefix, then the same without
 * its version. A path such as `models/` before the name, or the name of a fine-tuned model's owner behind it, is left out.
 */
export function namesToFind(model: string, prefixes: readonly string[]): readonly string[] {
  const bare = model.replace(/^(?:publishers\/[^/]+\/)?models\//, "").replace(/^(ft:[^:]+):.*$/, "$1");
  const names = [model, ...withoutVersions(bare)].flatMap((name) => [
    name,
    ...prefixes.map((prefix) => `${prefix}${name}`),
  ]);
  return [...new Set(names)];
}

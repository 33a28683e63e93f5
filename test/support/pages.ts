/** The blocks of code that a page quotes from files (` ```ts file=… `), by file. */
export function quotedFiles(page: string): ReadonlyMap<string, readonly string[]> {
  const blocks = new Map<string, string[]>();
  for (const [, file = "", code = ""] of page.matchAll(/^```ts file=(\S+)\n(.*?)^```/gms)) {
    blocks.set(file, [...(blocks.get(file) ?? []), code.trimEnd()]);
  }
  return blocks;
}

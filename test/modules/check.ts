import type { Section } from "./page.ts";

/** What a check answers: what is wrong, or `null`. */
export type Checks = Record<string, () => string | null>;

/** What a command came to. */
export interface Ran {
  readonly ok: boolean;
  readonly output: string;
}

/** It has to end well, and print this. */
export function works({ ok, output }: Ran, prints = ""): string | null {
  if (ok && output.includes(prints)) return null;
  return `${ok ? `it does not print ${JSON.stringify(prints)}` : "it fails"}:\n${output}`;
}

/** It has to fail with the error text that is a title of the section. */
export function fails({ ok, output }: Ran, section: Section, error: string): string | null {
  return ok ? `it does not fail with ${error}` : section.missing(error, output);
}

/** The first of several that is wrong. */
export function all(checks: readonly (() => string | null)[]): string | null {
  for (const check of checks) {
    const wrong = check();
    if (wrong !== null) return wrong;
  }
  return null;
}

/** How many checks passed and failed, and what a reader has to know of those that failed. */
export interface Count {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly string[];
}

/** Counts named checks; a check answers what is wrong, or `null`. */
export function countChecks(checks: Readonly<Record<string, () => string | null>>): Count {
  const failures: string[] = [];
  for (const [name, run] of Object.entries(checks)) {
    const wrong = run();
    if (wrong !== null) failures.push(`FAILED ${name}: ${wrong}`);
  }
  return { passed: Object.keys(checks).length - failures.length, failed: failures.length, failures };
}

/** `N passed, N failed` of all of them. */
export function total(counts: readonly Count[]): string {
  const sum = (key: "passed" | "failed"): number => counts.reduce((all, count) => all + count[key], 0);
  return `${sum("passed")} passed, ${sum("failed")} failed`;
}

import type { DispatchStore } from "dispatch-kit";
import { conformance, type MakeStore } from "dispatch-kit/conformance";
import { describe, expect, it } from "vitest";
import { hookCases } from "./hooks.ts";

/**
 * Every case of the contract as a test, and what makes the cases mean something on this client.
 *
 * @param lacks - the only reason for which a case may be skipped; it is printed with each that is.
 */
export function testCases(
  title: string,
  makeStore: MakeStore<DispatchStore>,
  lacks: string | null = null,
): void {
  describe(title, () => {
    it.each(hookCases(makeStore).map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
      await run();
    });
    it.each(conformance(makeStore).map(({ name, run }) => [name, run] as const))("%s", async (_, run) => {
      const outcome = await run();
      if (outcome.kind === "skipped") expect(outcome.reason).toBe(lacks);
    });
  });
}

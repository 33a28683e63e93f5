import { join } from "node:path";
import { type Checks, fails, type Ran, works } from "./check.ts";
import { shell, write } from "./install.ts";
import type { Section } from "./page.ts";

export function vitestChecks(section: Section, consumer: string): Checks {
  const test = section.file("outcome.test.ts");
  const matching = (matcher: string): string => test.replace(".toEqual(", `.${matcher}(`);
  const inVitest = (matcher: string): Ran =>
    shell(
      "npx vitest run",
      write(join(consumer, "vitest", matcher), {
        "package.json": "{}",
        "outcome.test.ts": matching(matcher),
      }),
    );
  const inJest = (matcher: string): Ran =>
    shell(
      "NODE_OPTIONS=--experimental-vm-modules npx jest",
      write(join(consumer, "vitest/jest", matcher), {
        "package.json": '{ "type": "module" }',
        "outcome.test.js": matching(matcher).replace(/^import .* "vitest";$/m, ""),
        "jest.config.js": "export default { transform: {} };",
      }),
    );
  return {
    "Vitest as it is": () => works(inVitest("toEqual"), "1 passed"),
    "Vitest: toMatchObject": () => works(inVitest("toMatchObject"), "1 passed"),
    "Vitest: toStrictEqual": () => fails(inVitest("toStrictEqual"), section, "to strictly equal"),
    "Jest: toEqual": () => works(inJest("toEqual"), "1 passed"),
    "Jest: toMatchObject": () => works(inJest("toMatchObject"), "1 passed"),
    "Jest: toStrictEqual": () => {
      const { ok, output } = inJest("toStrictEqual");
      return !ok && output.includes("toStrictEqual(expected)")
        ? null
        : `it does not fail with toStrictEqual:\n${output}`;
    },
    "node:assert: deepStrictEqual": () => {
      const code = `
        import assert from "node:assert";
        import { runScope, usd } from "dispatch-kit";
        import { memoryStore } from "dispatch-kit/memory";
        const scopes = [{ scope: runScope("42"), cap: usd("1") }];
        const request = { holdId: "call-1", amount: usd("0.60"), scopes, ttlSeconds: 60 };
        const held = await memoryStore().hold(request);
        assert.ok(Object.isFrozen(held));
        assert.throws(() => assert.deepStrictEqual(held, { kind: "held" }), assert.AssertionError);
        assert.deepStrictEqual(structuredClone(held), { kind: "held" });`;
      const folder = write(join(consumer, "vitest"), { "assert.mjs": code });
      return works(shell("node assert.mjs", folder));
    },
  };
}

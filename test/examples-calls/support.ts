import { type ScopeCap, usd } from "dispatch-kit";
import { afterEach, beforeEach, vi } from "vitest";
import { started } from "../support/started.ts";
import { type Provider, provider } from "./provider.ts";

export const KEY = "sk-hunter2-t0ken";
export const scopes: readonly ScopeCap[] = [{ scope: "run:1", cap: usd("1") }];

/** A provider for the tests of a file: new words for each test, its key in the environment, its records kept. */
export function withProvider(): { readonly at: () => Provider; readonly records: () => readonly unknown[] } {
  const at = started("provider", provider);
  let records: unknown[] = [];
  beforeEach(() => {
    const words = ["Once ", "upon ", "a ", "time"];
    Object.assign(at().script, { words, input: 12, output: 4, cached: 0, hidesUsage: false, fails: null });
    records = [];
    vi.stubEnv("API_KEY", KEY);
    vi.spyOn(console, "warn").mockImplementation((line) => records.push(line));
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    vi.restoreAllMocks();
  });
  return { at, records: () => records };
}

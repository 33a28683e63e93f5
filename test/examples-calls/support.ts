import { type ScopeCap, usd } from "dispatch-kit";
import { afterAll, afterEach, beforeAll, beforeEach, vi } from "vitest";
import { type Provider, provider } from "./provider.ts";

export const KEY = "sk-hunter2-t0ken";
export const scopes: readonly ScopeCap[] = [{ scope: "run:1", cap: usd("1") }];

/** A provider for the tests of a file: new words for each test, its key in the environment, its records kept. */
export function withProvider(): { readonly at: () => Provider; readonly records: () => readonly unknown[] } {
  let running: Provider | undefined;
  let records: unknown[] = [];
  const at = (): Provider => {
    if (running === undefined) throw new Error("the provider has not been started");
    return running;
  };
  beforeAll(async () => {
    running = await provider();
  });
  afterAll(async () => {
    await at().close();
  });
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

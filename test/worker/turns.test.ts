import { drain } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { work } from "dispatch-kit/worker";
import { expect, it } from "vitest";
import { free } from "../stores/memory/support.ts";

const JOBS = 300;

/** Computes for 1 ms. */
function busy(): void {
  const end = performance.now() + 1;
  while (performance.now() < end);
}

it.each([
  ["drain", drain, {}],
  ["work", work, {}],
  ["work with many jobs at a time", work, { concurrency: JOBS }],
])("%s: a timer of 50 ms runs between jobs that wait for nothing", async (_, run, options) => {
  const store = memoryStore();
  await store.submitMany(Array.from({ length: JOBS }, (_, n) => free(`j${n}`)));
  const stop = new AbortController();
  let ran = 0;
  let ranBefore = JOBS;
  const executor = (): void => {
    ran++;
    busy();
  };
  setTimeout(() => {
    ranBefore = ran;
    stop.abort();
  }, 50);
  const summary = await run(store, executor, { lanes: ["text"], signal: stop.signal, ...options });
  expect(ranBefore).toBeLessThan(JOBS);
  // What was claimed before the stop is finished.
  expect(summary.completed).toBe(ran);
  if (!("concurrency" in options)) expect(ran).toBeLessThan(JOBS);
});

it.each([
  ["drain", drain],
  ["work", work],
])("%s: a stop ends a claim that meets only payloads that the parser refuses", async (_, run) => {
  let isOld = false;
  const payload = (value: unknown): unknown => {
    if (!isOld) return value;
    busy();
    throw new Error("this is a newer job");
  };
  const store = memoryStore({ payload });
  await store.submitMany(Array.from({ length: JOBS }, (_, n) => free(`j${n}`)));
  isOld = true;
  const stop = new AbortController();
  setTimeout(() => {
    stop.abort();
  }, 50);
  let refused = 0;
  const onEvent = ({ kind }: { readonly kind: string }): void => {
    if (kind === "payload_refused") refused++;
  };
  await run(store, () => null, { lanes: ["text"], signal: stop.signal, onEvent });
  expect(refused).toBeLessThan(JOBS);
});

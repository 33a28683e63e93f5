import { type DispatchErrorCode, isDispatchError } from "../errors.ts";
import type { Bench, Handle, Method } from "./bench.ts";
import { check, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import { approved, AT_ONCE, claim, counted, LANES, micro, nothingToClaim, recovered, RUN } from "./given.ts";

type When = "before" | "after";

/** An operation whose connection is cut: what it answers, and what is counted once it was done. */
export interface Step<Needs extends Method> {
  readonly what: string;
  readonly call: (store: Handle<Needs>) => Promise<unknown>;
  readonly first: unknown;
  /** What it answers when it was done before. */
  readonly repeat: unknown;
  readonly reserved: number;
  readonly spent: number;
}

/** Operations one after the other; what they need is prepared when the next one is asked for. */
export type Steps<Needs extends Method> = (bench: Bench<Needs>) => AsyncIterable<Step<Needs>>;

const LOST: readonly DispatchErrorCode[] = ["outcome_unknown", "store_failed"];

/** Expects a cut connection to be thrown as what it is: never an answer, never a refusal. */
async function cut<Needs extends Method>(
  bench: Bench<Needs>,
  when: When,
  what: string,
  call: (store: Handle<Needs>) => Promise<unknown>,
): Promise<void> {
  const thrown = await bench.cut(when, call);
  const isLost = LOST.some((code) => isDispatchError(thrown, code));
  check(`${what}, cut ${when} its commit`, isLost, `it to throw ${LOST.join(" or ")}`, String(thrown));
}

/** Two cases: every step is cut before its commit, or after it, and then repeated. */
export function cutSteps<const Needs extends Method>(
  part: Definition["part"],
  operations: string,
  needs: readonly Needs[],
  steps: Steps<Needs | "usage">,
): readonly Definition[] {
  const run = (when: When) => async (bench: Bench<Needs | "usage">) => {
    for await (const { what, call, first, repeat, reserved, spent } of steps(bench)) {
      const before = await bench.store.usage(RUN);
      await cut(bench, when, what, call);
      const isDone = when === "after";
      const then = isDone ? { reserved, spent } : before;
      await counted(`${what}, cut ${when} its commit`, bench.store, then.reserved, then.spent);
      same(`${what}, repeated`, await call(bench.store), isDone ? repeat : first);
      await counted(`${what}, repeated`, bench.store, reserved, spent);
    }
  };
  const named = (when: When, rule: string): Definition => {
    const name = `cut ${when} the commit: ${operations}: thrown, ${rule}`;
    return define(part, [...needs, "usage"], name, run(when));
  };
  return [
    named("before", "nothing was done, and a repeat does it"),
    named("after", "it was done once, and a repeat says so"),
  ];
}

/** What a claim leaves whose answer never arrives. */
export const cutClaims: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "claimMany", "complete", "usage"],
    "cut before the commit: claim, claimMany: thrown, nothing was claimed, and a repeat claims it",
    async (bench) => {
      const { store } = bench;
      await store.submit(approved("a"));
      await cut(bench, "before", "claim", (handle) => handle.claim(LANES));
      const { lease } = await claim(store);
      like("its lease", lease, { jobId: "a", attempts: 1 });
      await store.complete(lease, "done", { actual: micro(4) });
      await store.submit(approved("b"));
      await cut(bench, "before", "claimMany", (handle) => handle.claimMany(LANES, 2));
      like("its lease", (await claim(store)).lease, { jobId: "b", attempts: 1 });
      await counted("after that", store, 10, 4);
    },
  ),
  define(
    "both",
    ["submit", "claim", "claimMany", "recoverStale", "usage"],
    "cut after the commit: claim, claimMany: thrown, and recovery charges the attempt that nobody knows of",
    async (bench) => {
      const { store } = bench;
      for (const [id, call, spent] of [
        ["a", (handle: Handle<"claim">) => handle.claim(LANES), 10],
        ["b", (handle: Handle<"claimMany">) => handle.claimMany(LANES, 2), 20],
      ] as const) {
        await store.submit(approved(id, undefined, { maxAttempts: 1 }));
        await cut(bench, "after", id, call);
        await nothingToClaim(`${id}, cut after its commit`, store);
        same(`${id}: recovery`, await store.recoverStale(AT_ONCE), recovered(id, 1, "failed", 10));
        await counted(`${id}: after that`, store, 0, spent);
      }
    },
  ),
];

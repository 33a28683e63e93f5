import { type DispatchErrorCode, isDispatchError } from "../errors.ts";
import type { Method } from "./make-store.ts";
import type { Setup, Handle } from "./setup.ts";
import { check, like, same } from "./check.ts";
import { type Definition, define } from "./define.ts";
import {
  approved,
  AT_ONCE,
  claim,
  counted,
  LANES,
  micro,
  nothingToClaim,
  recovered,
  RUN,
} from "./fixtures.ts";

type When = "before" | "after";

/** An operation whose connection is cut: its answers, and the counters after it. */
export interface Step<Needs extends Method> {
  readonly what: string;
  readonly call: (store: Handle<Needs>) => Promise<unknown>;
  readonly first: unknown;
  /** The answer to a repeat after it was done. */
  readonly repeat: unknown;
  readonly reserved: number;
  readonly spent: number;
}

/** Operations in order; the generator prepares each one when it is requested. */
export type Steps<Needs extends Method> = (setup: Setup<Needs>) => AsyncIterable<Step<Needs>>;

const LOST: readonly DispatchErrorCode[] = ["outcome_unknown", "store_failed"];

/** Expects the call to throw `outcome_unknown` or `store_failed`: a lost connection is neither an answer nor a refusal. */
async function cut<Needs extends Method>(
  setup: Setup<Needs>,
  when: When,
  what: string,
  call: (store: Handle<Needs>) => Promise<unknown>,
): Promise<void> {
  const thrown = await setup.cut(when, call);
  const isLost = LOST.some((code) => isDispatchError(thrown, code));
  check(`${what}, cut ${when} its commit`, isLost, `it to throw ${LOST.join(" or ")}`, String(thrown));
}

/** Two cases: each step is cut before its commit, or after it, and then repeated. */
export function cutSteps<const Needs extends Method>(
  part: Definition["part"],
  operations: string,
  needs: readonly Needs[],
  steps: Steps<Needs | "usage">,
): readonly Definition[] {
  const run = (when: When) => async (setup: Setup<Needs | "usage">) => {
    for await (const { what, call, first, repeat, reserved, spent } of steps(setup)) {
      const before = await setup.store.usage(RUN);
      await cut(setup, when, what, call);
      const isDone = when === "after";
      const then = isDone ? { reserved, spent } : before;
      await counted(`${what}, cut ${when} its commit`, setup.store, then.reserved, then.spent);
      same(`${what}, repeated`, await call(setup.store), isDone ? repeat : first);
      await counted(`${what}, repeated`, setup.store, reserved, spent);
    }
  };
  const named = (when: When, rule: string): Definition => {
    const name = `cut ${when} the commit: ${operations}: it throws, ${rule}`;
    return define(part, [...needs, "usage"], name, run(when));
  };
  return [
    named("before", "nothing is done, and a repeat does it"),
    named("after", "it is done once, and a repeat says so"),
  ];
}

/** Claims whose connection is cut. */
export const cutClaims: readonly Definition[] = [
  define(
    "both",
    ["submit", "claim", "claimMany", "complete", "usage"],
    "cut before the commit: claim, claimMany: it throws, nothing is claimed, and a repeat claims the job",
    async (setup) => {
      const { store } = setup;
      await store.submit(approved("a"));
      await cut(setup, "before", "claim", (handle) => handle.claim(LANES));
      const { lease } = await claim(store);
      like("its lease", lease, { jobId: "a", attempts: 1 });
      await store.complete(lease, "done", { actual: micro(4) });
      await store.submit(approved("b"));
      await cut(setup, "before", "claimMany", (handle) => handle.claimMany(LANES, 2));
      like("its lease", (await claim(store)).lease, { jobId: "b", attempts: 1 });
      await counted("after that", store, 10, 4);
    },
  ),
  define(
    "both",
    ["submit", "claim", "claimMany", "recoverStale", "usage"],
    "cut after the commit: claim, claimMany: it throws, and recovery charges the attempt, which no worker runs",
    async (setup) => {
      const { store } = setup;
      for (const [id, call, spent] of [
        ["a", (handle: Handle<"claim">) => handle.claim(LANES), 10],
        ["b", (handle: Handle<"claimMany">) => handle.claimMany(LANES, 2), 20],
      ] as const) {
        await store.submit(approved(id, undefined, { maxAttempts: 1 }));
        await cut(setup, "after", id, call);
        await nothingToClaim(`${id}, cut after its commit`, store);
        same(`${id}: recovery`, await store.recoverStale(AT_ONCE), recovered(id, 1, "failed", 10));
        await counted(`${id}: after that`, store, 0, spent);
      }
    },
  ),
];

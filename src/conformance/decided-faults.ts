import { jobHoldId } from "../budget/hold-request.ts";
import { cutSteps, type Step } from "./cuts.ts";
import { type Definition, featured } from "./define.ts";
import { capped, decides, leaseOf, micro, paid, RUN } from "./fixtures.ts";
import type { Setup } from "./setup.ts";

const QUEUED = { kind: "queued" };

type Needs = "submit" | "approve" | "cancel" | "retry" | "claim" | "fail" | "correct" | "pinCap" | "usage";

/** Each with a decision's id, or a token: a repeat gets the first answer. */
async function* steps({ store }: Setup<Needs>): AsyncIterable<Step<Needs>> {
  yield {
    what: "pinCap",
    call: (handle) => handle.pinCap(RUN, micro(100), decides("pin")),
    first: undefined,
    repeat: undefined,
    reserved: 0,
    spent: 0,
  };
  await store.submit(paid("a"));
  yield {
    what: "approve",
    call: (handle) => handle.approve("a", decides("yes"), { scopes: capped(100) }),
    first: QUEUED,
    repeat: QUEUED,
    reserved: 10,
    spent: 0,
  };
  const lease = await leaseOf(store);
  const back = { kind: "requeued", booked: micro(3), overrun: micro(0) };
  yield {
    what: "give back",
    call: (handle) => handle.fail(lease, "stopped", { retriable: true, counts: false, actual: micro(3) }),
    first: back,
    repeat: back,
    reserved: 10,
    spent: 3,
  };
  const cancelled = { kind: "cancelled", state: "failed", booked: micro(0) };
  yield {
    what: "cancel",
    call: (handle) => handle.cancel("a", decides("no")),
    first: cancelled,
    repeat: cancelled,
    reserved: 0,
    spent: 3,
  };
  yield {
    what: "retry",
    call: (handle) => handle.retry("a", { after: 0 }, decides("retry")),
    first: QUEUED,
    repeat: QUEUED,
    reserved: 10,
    spent: 3,
  };
  const corrected = { kind: "corrected", from: micro(3), to: micro(5), overrun: micro(0) };
  yield {
    what: "correct",
    call: (handle) => handle.correct(jobHoldId("a", 1), micro(5), decides("bill")),
    first: corrected,
    repeat: corrected,
    reserved: 10,
    spent: 5,
  };
}

/** Decisions with ids whose answers are lost. */
export const decidedFaultCases: readonly Definition[] = featured(
  ["corrections", "decisions", "give_back", "retries"],
  cutSteps(
    "both",
    "pinCap, approve, give back, cancel, retry, correct",
    ["submit", "approve", "cancel", "retry", "claim", "fail", "correct", "pinCap"],
    steps,
  ),
);

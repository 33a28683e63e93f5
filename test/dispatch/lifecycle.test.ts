import { canTransition, DispatchError, ensureTransition, JobState } from "dispatch-kit";
import { describe, expect, it } from "vitest";
import { canMove, isTerminal } from "../../src/dispatch/lifecycle.ts";
import { vectors } from "../support/vectors.ts";

describe("ensureTransition", () => {
  it("throws exactly where canTransition says no", () => {
    for (const current of Object.values(JobState)) {
      for (const target of Object.values(JobState)) {
        const move = (): void => {
          ensureTransition(current, target);
        };
        if (canTransition(current, target)) move();
        else expect(move).toThrow(expect.objectContaining({ code: "illegal_transition" }));
      }
    }
  });

  it("says where the job can go", () => {
    const error = (current: JobState, target: JobState): unknown => {
      try {
        ensureTransition(current, target);
      } catch (thrown) {
        return thrown;
      }
      return null;
    };
    expect(error("running", "queued")).toBeInstanceOf(DispatchError);
    expect(error("running", "queued")).toHaveProperty(
      "message",
      "a job cannot go from running to queued: from there it goes to succeeded, failed",
    );
    expect(error("failed", "queued")).toHaveProperty(
      "message",
      "a job cannot go from failed to queued: failed is an end",
    );
  });
});

describe("canTransition", () => {
  it.each(["constructor", "toString", "__proto__", "PENDING", ""])("refuses the state %j", (state) => {
    expect(() => canTransition(state as never, "failed")).toThrow(RangeError);
    expect(() => canTransition("pending", state as never)).toThrow(RangeError);
  });

  it("covers every pair of states in the recording", () => {
    expect(vectors("later", "canTransition")).toHaveLength(Object.keys(JobState).length ** 2);
  });
});

describe("isTerminal", () => {
  const states = Object.values(JobState);

  it("is an end that no move of the original leads out of", () => {
    const ends = states.filter((state) => !states.some((target) => canTransition(state, target)));
    expect(states.filter(isTerminal)).toEqual(ends);
    expect(ends).toEqual(["succeeded", "failed", "rejected"]);
  });

  it("is left only by a retry of what has failed", () => {
    const left = states.filter(isTerminal).flatMap((from) => {
      return states.filter((to) => canMove(from, to)).map((to) => `${from} ${to}`);
    });
    expect(left.sort()).toEqual(["failed pending", "failed queued"]);
  });
});

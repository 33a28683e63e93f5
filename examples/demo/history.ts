import type { Hold, MicroCents } from "dispatch-kit";
import { type Ground, type PassName } from "./ground.ts";
import { callId, type Guard } from "./guards.ts";
import { answerSteps } from "./service.ts";
import type { Call, Trace } from "./trace.ts";

/** What a killed run left in its store: the holds of its calls, and its last step. */
export interface History {
  readonly holds: ReadonlyMap<Call, Hold>;
  /** The last step that has left a hold; -1 if there is none. */
  readonly lastStep: number;
}

/** Reads the history from the holds: each admitted call has one. */
export async function historyOf(
  ground: Ground,
  pass: PassName,
  trace: Trace,
  stepOf: (call: Call) => number,
): Promise<History> {
  const idOf = (call: Call): string => (pass === "naive" ? callId(call) : `job:${callId(call)}#1`);
  if (!ground.isResumed) return { holds: new Map(), lastStep: -1 };
  return ground.together(async () => {
    const holds = new Map<Call, Hold>();
    let lastStep = -1;
    for (const call of trace.calls) {
      const hold = await ground.store.getHold(idOf(call));
      if (hold === null) continue;
      holds.set(call, hold);
      const steps = hold.state === "open" ? 0 : answerSteps(call.generatedTokens);
      lastStep = Math.max(lastStep, stepOf(call) + steps);
    }
    return { holds, lastStep };
  });
}

/**
 * A guard that repeats the decisions from before the kill, which are in the store, and makes the rest. Each step is one
 * transaction, so no step is half done. A step that refused every call has left no hold; it is decided again, with the
 * same result.
 */
export function remembering(guard: Guard, history: History, step: () => number): Guard {
  const known = (call: Call): Hold | undefined => history.holds.get(call);
  return {
    ...(guard.incidents
      ? { incidents: (thorough) => guard.incidents?.(thorough) ?? Promise.resolve([]) }
      : {}),
    admit: async (requests) =>
      step() > history.lastStep
        ? guard.admit(requests)
        : requests.map(({ call }) => (known(call) ? [] : null)),
    finish: async (answered) =>
      step() > history.lastStep
        ? guard.finish(answered)
        : answered.map(({ call }): MicroCents | null => {
            const hold = known(call);
            return hold?.state === "open" ? null : (hold?.booked ?? null);
          }),
  };
}

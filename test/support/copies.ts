import * as core from "dispatch-kit";
import * as calls from "dispatch-kit/calls";
import * as memory from "dispatch-kit/memory";
import * as rules from "dispatch-kit/rules";
import * as worker from "dispatch-kit/worker";
import { vi } from "vitest";

/** The library as one bundle has it. */
export interface Copy {
  readonly core: typeof core;
  readonly calls: typeof calls;
  readonly memory: typeof memory;
  readonly rules: typeof rules;
  readonly worker: typeof worker;
}

/** The copy that a test file itself imports. */
export const ours: Copy = { core, calls, memory, rules, worker };

/** Another one, with classes of its own: as of a second bundle, or of a second version that is installed. */
export async function secondCopy(): Promise<Copy> {
  vi.resetModules();
  return {
    core: await import("dispatch-kit"),
    calls: await import("dispatch-kit/calls"),
    memory: await import("dispatch-kit/memory"),
    rules: await import("dispatch-kit/rules"),
    worker: await import("dispatch-kit/worker"),
  };
}

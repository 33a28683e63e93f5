import * as core from "dispatch-kit";
import * as calls from "dispatch-kit/calls";
import * as memory from "dispatch-kit/memory";
import * as rules from "dispatch-kit/rules";
import * as worker from "dispatch-kit/worker";
import { vi } from "vitest";

/** The modules of one copy of the library. */
export interface Copy {
  readonly core: typeof core;
  readonly calls: typeof calls;
  readonly memory: typeof memory;
  readonly rules: typeof rules;
  readonly worker: typeof worker;
}

/** The copy that the test file imports. */
export const ours: Copy = { core, calls, memory, rules, worker };

/** Another copy with its own classes, as in a second bundle or a second installed version. */
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

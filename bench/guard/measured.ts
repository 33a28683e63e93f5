import { readAhead } from "./ahead.ts";
import { callTimings } from "./calls.ts";
import { streamTimings } from "./events.ts";
import { memoryOf } from "./memory.ts";
import { Provider } from "./provider.ts";
import type { GuardMeasured } from "./report.ts";

/** Versions that the figures of `guardedFetch` depend on. */
export const GUARD_LIBRARIES = ["openai", "@anthropic-ai/sdk", "mitata"] as const;

/** Measures `guardedFetch` beside the clients alone, against one provider on this machine. */
export async function guardMeasured(): Promise<GuardMeasured> {
  const provider = await Provider.start();
  try {
    const { port } = provider;
    return {
      calls: await callTimings(port),
      streams: await streamTimings(port),
      memory: await memoryOf(port),
      ahead: await readAhead(),
    };
  } finally {
    provider.stop();
  }
}

// What users write, compiled against the published types; nothing here runs.
import {
  admits,
  Approval,
  BackendCapabilities,
  BackendKind,
  BudgetCap,
  type BudgetLedger,
  BudgetState,
  CostRates,
  type DispatchStore,
  drain,
  type EpochSeconds,
  epochSeconds,
  estimateCost,
  isDispatchError,
  isLeaseStale,
  type MicroCents,
  microCents,
  monthScope,
  perHour,
  runAndMonth,
  SecretRef,
  selectBackend,
  ToolRequirements,
  usd,
  type WorkerExecutor,
} from "dispatch-kit";
import { type HoldRow, jobHoldId, outcomeFromJSON, type StoreAnswer } from "dispatch-kit/rules";
import { memoryStore } from "dispatch-kit/memory";

const nothing = new BudgetState({ reserved: usd(0), spent: usd("0.00") });
const cap = new BudgetCap({ run: usd("10"), month: usd("250") });
const at: EpochSeconds = epochSeconds(new Date("2026-11-23T09:00:00Z"));

// A decision narrows: a refusal has a window and a reason, an admission has none.
const rates = new CostRates({ gpuUsdPerS: perHour("2.99"), vcpuUsdPerS: 0, gibUsdPerS: "0", idleTailS: 60 });
const estimate: MicroCents = estimateCost(rates, { maxRuntimeS: 600, vcpus: 8, memoryGib: 32 });
const decision = admits(estimate, nothing, nothing, cap);
export const refusal: string | null = decision.admitted ? decision.reason : decision.reason.trim();
export const window: "run" | "month" | null = decision.refusedWindow;

// A backend keeps the caller's own fields, with their types.
const backends = [{ kind: BackendKind.LOCAL, capabilities: new BackendCapabilities(), queue: "gpu" }];
export const queue: string = selectBackend(backends, new ToolRequirements({ toolId: "whisper" })).queue;

// A store is typed by its payload and result; its outcomes narrow by their kind.
interface Payload {
  readonly text: string;
}
const store: DispatchStore<Payload, number> = memoryStore<Payload, number>();
export const asLedger: BudgetLedger = store;
const scopes = runAndMonth({ runId: "42", at, cap, timeZone: "Europe/Berlin" });
const approval = new Approval({ author: "alice", reason: "demo", decidedAt: new Date(0).toISOString() });

export async function main(signal: AbortSignal): Promise<string> {
  const submitted = await store.submit({
    jobId: "1",
    lane: "text",
    payload: { text: "hello" },
    backend: BackendKind.CLOUD_WORKER,
    maxCost: estimate,
    maxAttempts: 3,
    approved: { approval, scopes },
  });
  if (submitted.kind === "refused") return submitted.lacking.map(({ scope }) => scope).join();
  const executor: WorkerExecutor<Payload, number> = { execute: ({ text }) => text.length };
  const summary = await drain(store, executor, { lanes: ["text"], signal, actualCost: () => usd("0.10") });
  const held = await store.hold({ holdId: "h", amount: microCents(1n), scopes, ttlSeconds: 60 });
  if (held.kind === "exists") return held.state;
  return `${summary.completed} ${monthScope(at, "UTC").scope}`;
}

export function subjectOf(error: unknown): string | null {
  return isDispatchError(error, "secret_missing") ? error.subject : new SecretRef("KEY").envVar;
}

// What an author of a store uses.
export type Row = HoldRow;
export const answer: StoreAnswer = outcomeFromJSON(JSON.parse(`{"kind":"${jobHoldId("1", 1)}"}`));

// What must not compile. Types that have become `any` would let all of it pass.

// @ts-expect-error: a bare bigint may be dollars, cents or anything else.
admits(1n, nothing, nothing, cap);
// @ts-expect-error: a sum of amounts is a bare bigint until microCents() says what it is.
export const sum: MicroCents = usd("1") + usd("2");
// @ts-expect-error: a number is no amount.
new BudgetCap({ run: 10 });
// @ts-expect-error: milliseconds, or whatever this number is, are not epoch seconds.
isLeaseStale(Date.now(), at, 60);
// @ts-expect-error: a cap is not a state, though both hold two amounts.
admits(estimate, cap, nothing, cap);
// @ts-expect-error: and a look-alike of a cap is none.
admits(estimate, nothing, nothing, { run: usd("1"), month: usd("1") });
// @ts-expect-error: a state has no defaults.
new BudgetState({ spent: usd(0) });
// @ts-expect-error: a misspelt cap must not read as none.
new BudgetCap({ runs: usd("1") });
// @ts-expect-error: a value does not change.
cap.run = usd("1000");

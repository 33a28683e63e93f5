import { lackingScopes } from "../budget/caps.ts";
import { scopeCaps } from "../budget/hold-request.ts";
import type { Awaitable } from "../internal/awaitable.ts";
import type { Lacking } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import { type BudgetState, budgetState } from "../budget/state.ts";
import { ledgerAmount } from "../money/amount.ts";
import {
  callable,
  flag,
  identifier,
  lengthOf,
  listOf,
  oneOf,
  optional,
  read,
  type Reader,
} from "../internal/check.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import { quote } from "../internal/text.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import { BackendKind } from "../routing/kind.ts";
import { type ToolRequirements, toolRequirements } from "../routing/capabilities.ts";
import {
  NoEligibleBackendError,
  type PassedOver,
  type Routable,
  selectBackend,
} from "../routing/select-backend.ts";

/** The cap of a scope, and the amounts that are committed in it. */
export interface ScopeRoom {
  readonly scope: string;
  readonly cap: MicroCents;
  readonly state: BudgetState;
}

type Preference = "order" | "cheapest";

/** Options of {@link selectAffordable}. */
export interface AffordableOptions<Backend> {
  /** Returns an upper bound of the job's cost on a backend, in micro-cents; 0 if it is free there. */
  readonly maxCost: (backend: Backend) => MicroCents;
  /** Every scope that the job would be held in; an empty list sets no limit. */
  readonly scopes: readonly ScopeRoom[];
  /** `"order"` (the default) prefers the fixed order of kinds, `"cheapest"` the lowest upper bound. */
  readonly prefer?: Preference | undefined;
  /** Whether an SDK backend may be chosen; `false` by default. */
  readonly allowSdk?: boolean | undefined;
}

/** A backend that was not chosen, with the reason and its cost. */
export interface PassedOverForCost extends PassedOver {
  /** The upper bound of its cost in micro-cents; `null` if it cannot run the job at all. */
  readonly maxCost: MicroCents | null;
  /** The scopes without room for its upper bound, and how much is missing. */
  readonly lacking: readonly Lacking[];
}

/** The backend that can run the job within the budget, or none, and the reasons against the other backends. */
export type AffordableOutcome<Backend> =
  | {
      readonly kind: "selected";
      readonly backend: Backend;
      readonly maxCost: MicroCents;
      readonly passedOver: readonly PassedOverForCost[];
    }
  | { readonly kind: "refused"; readonly passedOver: readonly PassedOverForCost[] };

const room: Reader<ScopeRoom> = (what, value) =>
  Object.freeze(read<ScopeRoom>(what, value, { scope: identifier, cap: ledgerAmount, state: budgetState }));

/**
 * Chooses a backend within the budget. Of the backends that can run the job and whose upper bound fits in every scope,
 * it takes the first in the fixed order of kinds, or with `prefer: "cheapest"` the one with the lowest upper bound.
 *
 * At equal costs the order of kinds decides, then the order of the list. It holds no money: only the ledger's `hold` at
 * `maxCost` decides whether the room is still there.
 *
 * @param backends - as for {@link selectBackend}; each one is asked once.
 * @param requirements - what the job needs.
 * @returns the backend and its upper bound, and the reason against each other backend.
 * @throws TypeError or RangeError for wrong arguments, or if `maxCost` returns no amount.
 * @example
 * ```ts
 * const able = new BackendCapabilities();
 * const backends = [
 *   { kind: BackendKind.CLOUD_WORKER, capabilities: able, name: "gpu", most: usd("0.90") },
 *   { kind: BackendKind.SDK, capabilities: able, name: "api", most: usd("0.20") },
 * ];
 * const state = new BudgetState({ reserved: usd("4.50"), spent: usd("5") });
 * const found = selectAffordable(backends, new ToolRequirements({ toolId: "summarise" }), {
 *   maxCost: ({ most }) => most,
 *   scopes: [{ scope: "month:2026-11", cap: usd(10), state }],
 *   allowSdk: true,
 * });
 * found.kind === "selected" && found.backend.name; // => "api"
 * found.passedOver[0]?.reason; // => 'its cost of $0.90 exceeds the room in "month:2026-11" by $0.40'
 * ```
 */
export function selectAffordable<Backend extends Routable>(
  backends: readonly Backend[],
  requirements: ToolRequirements,
  options: AffordableOptions<Backend>,
): AffordableOutcome<Backend> {
  const length = lengthOf("selectAffordable: backends", backends);
  const needs = toolRequirements("selectAffordable: requirements", requirements);
  const { maxCost, scopes, prefer, allowSdk } = read("selectAffordable", options, {
    maxCost: callable,
    scopes: listOf(room),
    prefer: optional<Preference, Preference>(oneOf({ 1: "order", 2: "cheapest" }), "order"),
    allowSdk: optional(flag, false),
  });
  const rooms = scopes.map(({ scope, cap, state }) => ({ scope, cap, committed: state.committed() }));
  const passedOver: PassedOverForCost[] = [];
  const fitting: Candidate<Backend>[] = [];
  // By index, because an array can override its iterator.
  for (let index = 0; index < length; index++) {
    const asked = askOne(backends, index, needs, allowSdk);
    if ("refused" in asked) {
      passedOver.push(outcome({ ...asked.refused, index, maxCost: null, lacking: outcomes([]) }));
      continue;
    }
    const { backend } = asked;
    const cost = ledgerAmount("selectAffordable: maxCost()", maxCost(backend));
    const lacking = outcomes(lackingScopes(cost, rooms));
    const { kind } = backend;
    if (lacking.length === 0) fitting.push({ index, kind, backend, cost });
    else passedOver.push(outcome({ index, kind, reason: tooMuch(cost, lacking), maxCost: cost, lacking }));
  }
  return chosen(fitting, passedOver, prefer);
}

/** Asks {@link selectBackend} about one backend: the backend if it can run the job, or else the reason. */
function askOne<Backend extends Routable>(
  backends: readonly Backend[],
  index: number,
  requirements: ToolRequirements,
  allowSdk: boolean,
): { readonly backend: Backend } | { readonly refused: PassedOver } {
  try {
    return { backend: selectBackend(backends.slice(index, index + 1), requirements, { allowSdk }) };
  } catch (error) {
    const [refused] = error instanceof NoEligibleBackendError ? error.passedOver : [];
    if (refused === undefined) throw error;
    return { refused };
  }
}

function tooMuch(cost: MicroCents, lacking: readonly Lacking[]): string {
  const scopes = lacking.map(({ scope, by }) => `${quote(scope)} by $${formatUsd(by)}`);
  return `its cost of $${formatUsd(cost)} exceeds the room in ${scopes.join(", ")}`;
}

interface Candidate<Backend> {
  readonly index: number;
  readonly kind: BackendKind;
  readonly backend: Backend;
  readonly cost: MicroCents;
}

function chosen<Backend>(
  fitting: readonly Candidate<Backend>[],
  unfit: readonly PassedOverForCost[],
  prefer: Preference,
): AffordableOutcome<Backend> {
  const kinds: readonly BackendKind[] = Object.values(BackendKind);
  const rank = ({ kind }: Candidate<Backend>): number => kinds.indexOf(kind);
  const byCost = (a: Candidate<Backend>, b: Candidate<Backend>): number =>
    prefer === "order" || a.cost === b.cost ? 0 : a.cost < b.cost ? -1 : 1;
  const [best, ...others] = [...fitting].sort(
    (a, b) => byCost(a, b) || rank(a) - rank(b) || a.index - b.index,
  );
  if (best === undefined) return outcome({ kind: "refused", passedOver: Object.freeze([...unfit]) });
  const beaten = others.map(({ index, kind, cost }) => {
    const first = prefer === "cheapest" && best.cost !== cost ? "is cheaper" : "comes first";
    return outcome({
      index,
      kind,
      reason: `#${best.index} ${first}`,
      maxCost: cost,
      lacking: outcomes<Lacking>([]),
    });
  });
  const passedOver = Object.freeze([...unfit, ...beaten].sort((a, b) => a.index - b.index));
  return outcome({ kind: "selected", backend: best.backend, maxCost: best.cost, passedOver });
}

/**
 * Reads the committed amounts of a job's scopes from the ledger, for {@link selectAffordable}.
 *
 * @param scopes - the scopes with their caps, as for a hold.
 * @throws TypeError or RangeError for a wrong scope or cap.
 * @throws unknown what the ledger throws.
 * @example
 * ```ts
 * const ledger = memoryStore();
 * const rooms = await roomsIn(ledger, [{ scope: "month:2026-11", cap: usd(10) }]);
 * rooms.map(({ state }) => formatUsd(state.committed())); // => ["0.00"]
 * ```
 */
export async function roomsIn(
  ledger: { readonly usage: (scope: string) => Awaitable<BudgetState> },
  scopes: readonly ScopeCap[],
): Promise<readonly ScopeRoom[]> {
  return Promise.all(
    scopeCaps("roomsIn: scopes", scopes).map(async ({ scope, cap }, index) => ({
      scope,
      // A cap that only the store knows cannot be compared here.
      cap: ledgerAmount(`roomsIn: scopes[${index}].cap`, cap ?? undefined),
      state: await ledger.usage(scope),
    })),
  );
}

import { lackingScopes, scopeCaps } from "../budget/holds.ts";
import type { Awaitable, Lacking } from "../budget/contract.ts";
import type { ScopeCap } from "../budget/scopes.ts";
import { BudgetState } from "../budget/state.ts";
import { ledgerAmount } from "../money/amount.ts";
import {
  callable,
  flag,
  identifier,
  lengthOf,
  listOf,
  notOurs,
  oneOf,
  optional,
  read,
  type Reader,
} from "../internal/check.ts";
import { outcome, outcomes } from "../money/outcome.ts";
import { quote } from "../internal/text.ts";
import { formatUsd, type MicroCents } from "../money/micro-cents.ts";
import {
  BackendKind,
  NoEligibleBackendError,
  type PassedOver,
  type Routable,
  selectBackend,
  type ToolRequirements,
} from "../routing/select-backend.ts";

/** A scope's cap, and what is committed in it. */
export interface ScopeRoom {
  readonly scope: string;
  readonly cap: MicroCents;
  readonly state: BudgetState;
}

type Preference = "order" | "cheapest";

/** What {@link selectAffordable} is told besides what {@link selectBackend} is. */
export interface AffordableOptions<Backend> {
  /** The most that the job can cost on a backend, in micro-cents: an upper bound, 0 where it costs nothing. */
  readonly maxCost: (backend: Backend) => MicroCents;
  /** Every scope that the job would be held in. None if nothing counts what it costs. */
  readonly scopes: readonly ScopeRoom[];
  /** `"order"`, the default: the first in the fixed order of kinds; `"cheapest"`: the cheapest of all. */
  readonly prefer?: Preference;
  /** Whether a model's API may be called at all. */
  readonly allowSdk?: boolean;
}

/** A backend that was not chosen, and why. */
export interface PassedOverForCost extends PassedOver {
  /** Its upper bound; `null` if it cannot run the job at all. */
  readonly maxCost: MicroCents | null;
  /** The scopes that its bound does not fit in, and by how much. */
  readonly lacking: readonly Lacking[];
}

/** The backend that can run the job within the budget, or none; and why not the others. */
export type AffordableOutcome<Backend> =
  | {
      readonly kind: "selected";
      readonly backend: Backend;
      readonly maxCost: MicroCents;
      readonly passedOver: readonly PassedOverForCost[];
    }
  | { readonly kind: "refused"; readonly passedOver: readonly PassedOverForCost[] };

const state: Reader<BudgetState> = (what, value) => {
  if (BudgetState.is(value)) return value;
  throw notOurs(what, "BudgetState", value);
};

const room: Reader<ScopeRoom> = (what, value) =>
  Object.freeze(read<ScopeRoom>(what, value, { scope: identifier, cap: ledgerAmount, state }));

/**
 * Routing that knows the budget: among the backends that can run a job, the first in the fixed order of kinds
 * whose upper bound fits every scope; or, on request, the cheapest.
 *
 * Equal costs are decided by the order of kinds, then by the order of the list. It looks and does not hold:
 * only the ledger's `hold` at `maxCost` decides whether the money is still there.
 *
 * @param backends - as for {@link selectBackend}, of which each is asked once.
 * @param requirements - what the job needs.
 * @returns the backend and its bound, and for each of the others why it was passed over.
 * @throws TypeError or RangeError for wrong arguments, or a bound that is no amount.
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
 * found.passedOver[0]?.reason; // => 'its $0.90 is $0.40 too much for "month:2026-11"'
 * ```
 */
export function selectAffordable<Backend extends Routable>(
  backends: readonly Backend[],
  requirements: ToolRequirements,
  options: AffordableOptions<Backend>,
): AffordableOutcome<Backend> {
  const length = lengthOf("selectAffordable: backends", backends);
  const { maxCost, scopes, prefer, allowSdk } = read("selectAffordable", options, {
    maxCost: callable,
    scopes: listOf(room),
    prefer: optional<Preference, Preference>(oneOf({ 1: "order", 2: "cheapest" }), "order"),
    allowSdk: optional(flag, false),
  });
  const rooms = scopes.map(({ scope, cap, state }) => ({ scope, cap, committed: state.committed() }));
  const passedOver: PassedOverForCost[] = [];
  const fitting: Candidate<Backend>[] = [];
  // By place: a list's own iterator can lie.
  for (let index = 0; index < length; index++) {
    const asked = askOne(backends, index, requirements, allowSdk);
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

/** One backend, if it can run the job, else why it cannot, as {@link selectBackend} says it. */
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
  const scopes = lacking.map(({ scope, by }) => `$${formatUsd(by)} too much for ${quote(scope)}`);
  return `its $${formatUsd(cost)} is ${scopes.join(", ")}`;
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
  const beaten = others.map(({ index, kind, cost }) => {
    const first = prefer === "cheapest" && best?.cost !== cost ? "is cheaper" : "comes first";
    return outcome({
      index,
      kind,
      reason: `#${best?.index ?? 0} ${first}`,
      maxCost: cost,
      lacking: outcomes<Lacking>([]),
    });
  });
  const passedOver = Object.freeze([...unfit, ...beaten].sort((a, b) => a.index - b.index));
  if (best === undefined) return outcome({ kind: "refused", passedOver });
  return outcome({ kind: "selected", backend: best.backend, maxCost: best.cost, passedOver });
}

/**
 * What is committed in the scopes of a job, for {@link selectAffordable}, as the ledger has it now.
 *
 * @param scopes - with their caps, as a hold takes them.
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
    scopeCaps("roomsIn: scopes", scopes).map(async ({ scope, cap }) => ({
      scope,
      cap,
      state: await ledger.usage(scope),
    })),
  );
}

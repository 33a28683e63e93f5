import { DispatchError } from "../errors.ts";
import { flag, lengthOf, optional, read, wrongType } from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import {
  type BackendCapabilities,
  backendCapabilities,
  lackOf,
  type ToolRequirements,
  toolRequirements,
} from "./capabilities.ts";
import { BackendKind, backendKind, rankOf } from "./kind.ts";

/** A backend as {@link selectBackend} takes it. It may have more fields of your own, which keep their types. */
export type Routable = { readonly kind: BackendKind } & (
  | { readonly canSatisfy: (requirements: ToolRequirements) => boolean }
  | { readonly capabilities: BackendCapabilities }
);

/** The fields of a {@link Routable}. `undefined` counts as missing. */
interface AnyBackend {
  readonly kind: BackendKind;
  readonly canSatisfy?: (requirements: ToolRequirements) => boolean;
  readonly capabilities?: BackendCapabilities;
}

/** Whether a backend can run the job. A `canSatisfy()` that returns no boolean is an error. */
function satisfies(backend: AnyBackend, needs: ToolRequirements): boolean {
  if (backend.canSatisfy !== undefined) return flag("selectBackend: canSatisfy()", backend.canSatisfy(needs));
  return lackOf(capabilitiesOf(backend), needs) === null;
}

function capabilitiesOf(backend: AnyBackend): BackendCapabilities {
  if (backend.capabilities === undefined) throw notRoutable(backend);
  return backendCapabilities("selectBackend: capabilities", backend.capabilities);
}

function entry<Backend extends Routable>(backend: Backend | undefined): Backend {
  if (typeof backend === "object" && (backend as unknown) !== null) return backend;
  throw notRoutable(backend);
}

function knownKind(kind: unknown): BackendKind {
  return backendKind("selectBackend: kind", kind);
}

function notRoutable(value: unknown): TypeError {
  return wrongType("selectBackend: a backend", "an object with capabilities or canSatisfy()", value);
}

/** A backend that was not chosen, and the reason. */
export interface PassedOver {
  /** The index of the backend in the list. */
  readonly index: number;
  readonly kind: BackendKind;
  readonly reason: string;
}

/** No backend can run the job, or none is allowed to. `passedOver` has the reason for each backend. */
export class NoEligibleBackendError extends DispatchError {
  override readonly name = "NoEligibleBackendError";
  readonly passedOver: readonly PassedOver[];

  constructor(message: string, passedOver: readonly PassedOver[]) {
    super("no_eligible_backend", message);
    this.passedOver = passedOver;
  }
}

/**
 * Chooses the backend for a job: the first one that can run it, in the order local, LAN worker, cloud worker, SDK. An
 * SDK backend sends data to another company, so it is chosen only if `allowSdk` is set.
 *
 * @param backends - in order of preference within a kind; each keeps its own type.
 * @param requirements - what the job needs.
 * @param options - `allowSdk`: whether an SDK backend may be chosen; `false` by default.
 * @returns the chosen object itself, not a copy.
 * @throws NoEligibleBackendError if no backend is left; it has the reason for each one.
 * @throws TypeError if an argument has a wrong type, or a `canSatisfy()` returns neither true nor false.
 * @throws RangeError for an unknown kind.
 * @example
 * ```ts
 * const backends = [
 *   { kind: BackendKind.SDK, capabilities: new BackendCapabilities(), url: "https://api.example.com" },
 *   { kind: BackendKind.LOCAL, capabilities: new BackendCapabilities({ toolIds: ["tokenize"] }), url: null },
 * ];
 * selectBackend(backends, new ToolRequirements({ toolId: "tokenize" })).kind; // => "local"
 * ```
 */
export function selectBackend<Backend extends Routable>(
  backends: readonly Backend[],
  requirements: ToolRequirements,
  options?: { readonly allowSdk?: boolean | undefined },
): Backend {
  const length = lengthOf("selectBackend: backends", backends);
  const needs = toolRequirements("selectBackend: requirements", requirements);
  const allowSdk = options !== undefined && read("selectBackend", options, OPTIONS).allowSdk;
  for (const key of ["kind", "canSatisfy", "capabilities"]) {
    if (key in Object.prototype)
      throw new TypeError(`selectBackend: Object.prototype has "${key}", so every backend would inherit it`);
  }
  let best: Backend | null = null;
  let bestRank = allowSdk ? 4 : 3;
  // By index, because an array can override its iterator.
  for (let index = 0; index < length; index++) {
    const backend = entry(backends[index]);
    // Read once: a getter could return one kind for the check and another for the rank.
    const { kind } = backend;
    const rank = rankOf(kind);
    // Stryker disable next-line ConditionalExpression,EqualityOperator: checking a known kind changes nothing
    if (rank < 0) knownKind(kind);
    if (rank >= bestRank || !satisfies(backend, needs)) continue;
    best = backend;
    bestRank = rank;
    if (rank === 0) break;
  }
  if (best !== null) return best;
  throw explain(backends, length, needs, allowSdk);
}

const OPTIONS = { allowSdk: /* @__PURE__ */ optional(flag, false) };

/** How many backends the message names; `passedOver` has them all. */
const NAMED = 8;

function explain(
  backends: readonly Routable[],
  length: number,
  needs: ToolRequirements,
  allowSdk: boolean,
): NoEligibleBackendError {
  const passedOver = Array.from({ length }, (_, index) => {
    const backend = entry(backends[index]);
    const kind = knownKind(backend.kind);
    return Object.freeze({ index, kind, reason: reasonOf(kind, backend, needs, allowSdk) });
  });
  const named = passedOver.slice(0, NAMED).map(({ index, kind, reason }) => `; #${index} ${kind}: ${reason}`);
  if (passedOver.length > NAMED) named.push("; …");
  return new NoEligibleBackendError(
    `none of ${length} backends can run ${quote(needs.toolId)}${named.join("")}`,
    Object.freeze(passedOver),
  );
}

function reasonOf(
  kind: BackendKind,
  backend: AnyBackend,
  needs: ToolRequirements,
  allowSdk: boolean,
): string {
  if (kind === BackendKind.SDK && !allowSdk) return "allowSdk is not set";
  if (backend.canSatisfy !== undefined) return "canSatisfy() returned false";
  const has = capabilitiesOf(backend);
  const lacking = lackOf(has, needs);
  if (lacking === "vram") {
    const free =
      has.availableVramGb === null ? "no known video memory" : `${has.availableVramGb} GB of video memory`;
    return `it has ${free}, and the job needs ${needs.minVramGb} GB`;
  }
  return `it lacks the ${lacking}${lacking === "image" ? ` ${quote(String(needs.image))}` : ""}`;
}

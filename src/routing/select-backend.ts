import { DispatchError } from "../errors.ts";
import {
  finite,
  flag,
  identifier,
  lengthOf,
  listOf,
  nameUpTo,
  oneOf,
  optional,
  orNull,
  notOurs,
  read,
  type Reader,
  seal,
  wrongType,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";

/** Where work can run, in the order in which {@link selectBackend} prefers it. */
export const BackendKind: Readonly<{
  LOCAL: "local";
  LAN_WORKER: "lan_worker";
  CLOUD_WORKER: "cloud_worker";
  SDK: "sdk";
}> = /* @__PURE__ */ Object.freeze({
  LOCAL: "local",
  LAN_WORKER: "lan_worker",
  CLOUD_WORKER: "cloud_worker",
  SDK: "sdk",
});
export type BackendKind = (typeof BackendKind)[keyof typeof BackendKind];

/** Reads a {@link BackendKind}. */
export const backendKind: Reader<BackendKind> = /* @__PURE__ */ oneOf(BackendKind);

/** The place of a kind in the order of preference, 0 first; -1 for what is no kind. */
function rankOf(kind: unknown): number {
  if (kind === BackendKind.LOCAL) return 0;
  if (kind === BackendKind.LAN_WORKER) return 1;
  if (kind === BackendKind.CLOUD_WORKER) return 2;
  return kind === BackendKind.SDK ? 3 : -1;
}

/** An image reference may hold a registry, a path, a tag and a digest. */
const longName = /* @__PURE__ */ nameUpTo(500);

/**
 * Which node a worker runs on: for leases, logs and approvals.
 *
 * @example
 * ```ts
 * new NodeIdentity({ nodeId: "gpu-box-1", host: "10.0.0.7" }).nodeId; // => "gpu-box-1"
 * ```
 */
export class NodeIdentity {
  readonly #ours: undefined;
  declare readonly nodeId: string;
  declare readonly host: string | null;

  constructor(node: { readonly nodeId: string; readonly host?: string | null }) {
    const readers = { nodeId: identifier, host: orNull(longName) };
    seal(this, read("NodeIdentity", node, readers, true));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is NodeIdentity {
    return typeof value === "object" && value !== null && #ours in value;
  }
}

/**
 * What a job needs of the place it runs at.
 *
 * @example
 * ```ts
 * new ToolRequirements({ toolId: "whisper", minVramGb: 16 }).image; // => null
 * ```
 */
export class ToolRequirements {
  readonly #ours: undefined;
  declare readonly toolId: string;
  /** Video memory in GB; `null` for a job without a GPU. */
  declare readonly minVramGb: number | null;
  /** A container image that must be there; `null` for none. */
  declare readonly image: string | null;

  constructor(requirements: {
    readonly toolId: string;
    readonly minVramGb?: number | null;
    readonly image?: string | null;
  }) {
    const readers = { toolId: identifier, minVramGb: orNull(finite), image: orNull(longName) };
    seal(this, read("ToolRequirements", requirements, readers, true));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is ToolRequirements {
    return typeof value === "object" && value !== null && #ours in value;
  }
}

/**
 * What a backend offers. `null` images or tools mean any, an empty list none. A job that names an image
 * is matched by the image alone, since that brings its tool along; one that names none, by its tool.
 *
 * @example
 * ```ts
 * const box = new BackendCapabilities({ hasGpu: true, availableVramGb: 24, toolIds: ["whisper"] });
 * box.canSatisfy(new ToolRequirements({ toolId: "whisper", minVramGb: 16 })); // => true
 * box.canSatisfy(new ToolRequirements({ toolId: "boltz" })); // => false
 * ```
 */
export class BackendCapabilities {
  readonly #ours: undefined;
  declare readonly hasGpu: boolean;
  /** Free video memory in GB; `null` if there is none or nobody knows. */
  declare readonly availableVramGb: number | null;
  declare readonly images: readonly string[] | null;
  declare readonly toolIds: readonly string[] | null;

  constructor(
    backend: {
      readonly hasGpu?: boolean;
      readonly availableVramGb?: number | null;
      readonly images?: readonly string[] | null;
      readonly toolIds?: readonly string[] | null;
    } = {},
  ) {
    const names = orNull(listOf(longName));
    const readers = {
      hasGpu: optional(flag, false),
      availableVramGb: orNull(finite),
      images: names,
      toolIds: names,
    };
    seal(this, read("BackendCapabilities", backend, readers, true));
  }

  /** Whether a value is one that this copy of the library made. */
  static is(this: void, value: unknown): value is BackendCapabilities {
    return typeof value === "object" && value !== null && #ours in value;
  }

  /** Whether everything that a job requires is here. */
  canSatisfy(requirements: ToolRequirements): boolean {
    return (
      whyNot(ourCapabilities("canSatisfy: this", this), ourRequirements("canSatisfy", requirements)) === null
    );
  }
}

function ourRequirements(what: string, value: unknown): ToolRequirements {
  if (ToolRequirements.is(value)) return value;
  throw notOurs(what, "ToolRequirements", value);
}

function ourCapabilities(what: string, value: unknown): BackendCapabilities {
  if (BackendCapabilities.is(value)) return value;
  throw notOurs(what, "BackendCapabilities", value);
}

type Lacking = "tool" | "vram" | "image";

/** What a backend lacks first, or `null` if it lacks nothing. */
function whyNot(has: BackendCapabilities, needs: ToolRequirements): Lacking | null {
  const { minVramGb } = needs;
  // Not vramFits(): both sides are checked and frozen, and this runs for every backend of every job.
  if (
    minVramGb !== null &&
    !(has.hasGpu && has.availableVramGb !== null && has.availableVramGb >= minVramGb)
  ) {
    return "vram";
  }
  // An image brings its tool along: whoever has the image needs no tool of its own.
  if (needs.image !== null) return has.images === null || has.images.includes(needs.image) ? null : "image";
  return has.toolIds === null || has.toolIds.includes(needs.toolId) ? null : "tool";
}

/** What {@link selectBackend} can choose from; the caller's own fields stay on it, with their types. */
export type Routable = { readonly kind: BackendKind } & (
  | { readonly canSatisfy: (requirements: ToolRequirements) => boolean }
  | { readonly capabilities: BackendCapabilities }
);

/** Whether a backend says that it can do the job; anything but a clear yes or no is an error. */
function satisfies(backend: Routable, needs: ToolRequirements): boolean {
  if ("canSatisfy" in backend) return flag("selectBackend: canSatisfy()", backend.canSatisfy(needs));
  return whyNot(capabilitiesOf(backend), needs) === null;
}

function capabilitiesOf(backend: { readonly capabilities: BackendCapabilities }): BackendCapabilities {
  const { capabilities } = backend;
  if (BackendCapabilities.is(capabilities)) return capabilities;
  throw "capabilities" in backend
    ? notOurs("selectBackend: capabilities", "BackendCapabilities", capabilities)
    : notRoutable(backend);
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

/** Why one backend was not chosen. */
export interface PassedOver {
  /** Its place in the list that was given. */
  readonly index: number;
  readonly kind: BackendKind;
  readonly reason: string;
}

/** No backend may run the job, or none can; `passedOver` says of each one why. */
export class NoEligibleBackendError extends DispatchError {
  override readonly name = "NoEligibleBackendError";
  readonly passedOver: readonly PassedOver[];

  constructor(message: string, passedOver: readonly PassedOver[]) {
    super("no_eligible_backend", message);
    this.passedOver = passedOver;
  }
}

/**
 * The backend that a job runs on: the first that can, LOCAL before LAN before CLOUD before SDK, and the
 * SDK, where data leaves for somebody else's machine, only if `allowSdk`.
 *
 * @param backends - in order of preference within a kind; each keeps its own type.
 * @param requirements - what the job needs.
 * @returns the very object that was given.
 * @throws NoEligibleBackendError if none is left; it says of each backend why.
 * @throws TypeError if an argument is not of its type, or a `canSatisfy` answers neither true nor false.
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
  options?: { readonly allowSdk?: boolean },
): Backend {
  const length = lengthOf("selectBackend: backends", backends);
  const needs = ourRequirements("selectBackend: requirements", requirements);
  const allowSdk = options !== undefined && read("selectBackend", options, OPTIONS, true).allowSdk;
  for (const key of ["kind", "canSatisfy", "capabilities"]) {
    if (key in Object.prototype) throw new TypeError(`selectBackend: every object inherits ${key}`);
  }
  let best: Backend | null = null;
  let bestRank = allowSdk ? 4 : 3;
  // By place: a list's own iterator can lie.
  for (let index = 0; index < length; index++) {
    const backend = entry(backends[index]);
    // Read once: a getter must not be one kind to be checked and another to be ranked.
    const { kind } = backend;
    const rank = rankOf(kind);
    // Stryker disable next-line ConditionalExpression,EqualityOperator: looking at a known kind changes nothing
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

function reasonOf(kind: BackendKind, backend: Routable, needs: ToolRequirements, allowSdk: boolean): string {
  if (kind === BackendKind.SDK && !allowSdk) return "allowSdk is not set";
  if ("canSatisfy" in backend) return "canSatisfy() said no";
  const has = capabilitiesOf(backend);
  const lacking = whyNot(has, needs);
  if (lacking === "vram") {
    const free = has.hasGpu ? `${has.availableVramGb ?? "an unknown number of"} GB` : "no GPU";
    return `it has ${free}, and ${needs.minVramGb} GB are needed`;
  }
  return `it lacks the ${lacking}${lacking === "image" ? ` ${quote(String(needs.image))}` : ""}`;
}

import {
  anyText,
  finite,
  isPlain,
  nameUpTo,
  oneOf,
  optional,
  orNull,
  outOfRange,
  read,
  type Reader,
  wholeFrom,
  wrongType,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { become, define, valueReader } from "../internal/value.ts";
import { type BackendKind, backendKind } from "../routing/kind.ts";
import { type NodeIdentity, nodeIdentity } from "../routing/node.ts";

/** Whether the same inputs give the same result. */
export const Determinism: Readonly<{
  DETERMINISTIC: "deterministic";
  SEEDED: "seeded";
  NONDETERMINISTIC: "nondeterministic";
}> = /* @__PURE__ */ Object.freeze({
  DETERMINISTIC: "deterministic",
  SEEDED: "seeded",
  NONDETERMINISTIC: "nondeterministic",
});
export type Determinism = (typeof Determinism)[keyof typeof Determinism];

/** An id, a version, a hash or a digest. */
const name = /* @__PURE__ */ nameUpTo(500);

const GPU = { model: name, vramGb: finite };

/**
 * The GPU that a result was computed on.
 *
 * @example
 * ```ts
 * new GpuContext({ model: "RTX 4090", vramGb: 24 }).vramGb; // => 24
 * ```
 */
export class GpuContext {
  declare readonly model: string;
  /** Its video memory in GB. */
  declare readonly vramGb: number;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for an empty model, or memory that is negative or not finite.
   */
  constructor(gpu: { readonly model: string; readonly vramGb: number }) {
    define(this, "GpuContext", gpu, GPU);
  }
}

const gpuContext: Reader<GpuContext> = /* @__PURE__ */ valueReader(
  "GpuContext",
  GPU,
  (fields) => new GpuContext(fields),
);

/** Reads a field that may be `null` but must be given, so that callers do not forget it. */
function nullOr<T>(reader: Reader<T>): Reader<T | null> {
  return (what, value) => (value === null ? null : reader(what, value));
}

/** Reads a plain object of strings, copied and frozen. */
function texts(what: string, value: unknown): Readonly<Record<string, string>> {
  if (!isPlain(value)) throw wrongType(what, "a plain object of strings", value);
  const entries = Reflect.ownKeys(value).map((key) => {
    if (typeof key !== "string") throw wrongType(`${what}: a key`, "a string", key);
    return [key, anyText(`${what}[${quote(key)}]`, Reflect.get(value, key))] as const;
  });
  return Object.freeze(Object.fromEntries(entries));
}

/** A literal, because a bundler keeps code that reads a property when the module loads. */
const LOCAL: BackendKind = "local";

const nameOrNull = /* @__PURE__ */ nullOr(name);

const FIELDS = {
  toolId: name,
  toolVersion: name,
  weightsId: nameOrNull,
  weightsSha256: nameOrNull,
  paramsHash: name,
  inputHash: name,
  referenceDataVersions: texts,
  containerDigest: nameOrNull,
  seed: /* @__PURE__ */ nullOr(/* @__PURE__ */ wholeFrom(-9_007_199_254_740_991)),
  determinism: /* @__PURE__ */ oneOf(Determinism),
  runtimeSeconds: finite,
  gpu: /* @__PURE__ */ orNull(gpuContext),
  backend: /* @__PURE__ */ optional(backendKind, LOCAL),
  node: /* @__PURE__ */ orNull(nodeIdentity),
  extra: /* @__PURE__ */ optional(texts, /* @__PURE__ */ Object.freeze({})),
};

/**
 * How a result came to be: which tool in which version, on which inputs, where, and whether it can be repeated.
 *
 * Seed and determinism cannot contradict each other: `seeded` needs a seed, `nondeterministic` has none, and
 * `deterministic` may record one.
 *
 * @example
 * ```ts
 * const provenance = new Provenance({
 *   toolId: "boltz",
 *   toolVersion: "2.1.0",
 *   weightsId: "boltz2-conf",
 *   weightsSha256: null,
 *   paramsHash: "sha256:9f86d081",
 *   inputHash: "sha256:60303ae2",
 *   referenceDataVersions: { uniref90: "2026_02" },
 *   containerDigest: null,
 *   seed: 42,
 *   determinism: Determinism.SEEDED,
 *   runtimeSeconds: 318.5,
 *   gpu: new GpuContext({ model: "RTX 4090", vramGb: 24 }),
 * });
 * [provenance.seed, provenance.backend, provenance.node]; // => [42, "local", null]
 * ```
 */
export class Provenance {
  declare readonly toolId: string;
  declare readonly toolVersion: string;
  /** The weights that were loaded; `null` for a tool without weights. */
  declare readonly weightsId: string | null;
  declare readonly weightsSha256: string | null;
  declare readonly paramsHash: string;
  declare readonly inputHash: string;
  /** The version of each data set that was used. */
  declare readonly referenceDataVersions: Readonly<Record<string, string>>;
  /** The digest of the container image; `null` if there was none. */
  declare readonly containerDigest: string | null;
  /** A whole number; `null` if there was none. */
  declare readonly seed: number | null;
  declare readonly determinism: Determinism;
  /** How long it ran, in seconds. */
  declare readonly runtimeSeconds: number;
  declare readonly gpu: GpuContext | null;
  declare readonly backend: BackendKind;
  declare readonly node: NodeIdentity | null;
  /** Any other facts to record. */
  declare readonly extra: Readonly<Record<string, string>>;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for an empty id, version, hash or digest, a negative or infinite runtime, or a seed that
   *   contradicts the determinism.
   */
  constructor(provenance: {
    readonly toolId: string;
    readonly toolVersion: string;
    readonly weightsId: string | null;
    readonly weightsSha256: string | null;
    readonly paramsHash: string;
    readonly inputHash: string;
    readonly referenceDataVersions: Readonly<Record<string, string>>;
    readonly containerDigest: string | null;
    readonly seed: number | null;
    readonly determinism: Determinism;
    readonly runtimeSeconds: number;
    readonly gpu?: GpuContext | null | undefined;
    readonly backend?: BackendKind | undefined;
    readonly node?: NodeIdentity | null | undefined;
    readonly extra?: Readonly<Record<string, string>> | undefined;
  }) {
    const fields = read("Provenance", provenance, FIELDS);
    const { seed, determinism } = fields;
    if (determinism === Determinism.SEEDED && seed === null) {
      throw outOfRange("Provenance.seed", `a whole number, since determinism is ${determinism}`, seed);
    }
    if (determinism === Determinism.NONDETERMINISTIC && seed !== null) {
      throw outOfRange("Provenance.seed", `null, since determinism is ${determinism}`, seed);
    }
    become(this, "Provenance", fields);
  }
}

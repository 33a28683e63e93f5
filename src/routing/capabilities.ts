import {
  finite,
  flag,
  identifier,
  listOf,
  nameUpTo,
  optional,
  orNull,
  read,
  type Reader,
} from "../internal/check.ts";
import { foreignReader, ReturnOverride, seal } from "../internal/value.ts";

/** An image reference may hold a registry, a path, a tag and a digest. */
const imageName = /* @__PURE__ */ nameUpTo(500);
const size = /* @__PURE__ */ orNull(finite);
const names = /* @__PURE__ */ orNull(/* @__PURE__ */ listOf(imageName));

const REQUIREMENTS = { toolId: identifier, minVramGb: size, image: /* @__PURE__ */ orNull(imageName) };

/**
 * What a job needs from the backend that runs it.
 *
 * @example
 * ```ts
 * new ToolRequirements({ toolId: "whisper", minVramGb: 16 }).image; // => null
 * ```
 */
export class ToolRequirements {
  declare readonly toolId: string;
  /** Video memory in GB; `null` for a job without a GPU. */
  declare readonly minVramGb: number | null;
  /** A container image that the backend must have; `null` for none. */
  declare readonly image: string | null;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for a negative or infinite size, or a name that is empty, too long or has a control character.
   */
  constructor(requirements: {
    readonly toolId: string;
    readonly minVramGb?: number | null | undefined;
    readonly image?: string | null | undefined;
  }) {
    const fields = read("ToolRequirements", requirements, REQUIREMENTS);
    new MadeRequirements(this);
    seal(this, fields);
  }
}

/**
 * This class has its own mark, because every job checks it for every backend, and a mark that all classes share is
 * slower.
 */
class MadeRequirements extends ReturnOverride {
  readonly #made = true;

  static has(value: unknown): value is ToolRequirements {
    return typeof value === "object" && value !== null && #made in value;
  }
}

/** Reads {@link ToolRequirements}. */
export const toolRequirements: Reader<ToolRequirements> = (what, value) =>
  MadeRequirements.has(value) ? value : otherToolRequirements(what, value);

const otherToolRequirements = /* @__PURE__ */ foreignReader(
  "ToolRequirements",
  REQUIREMENTS,
  (fields) => new ToolRequirements(fields),
);

const CAPABILITIES = {
  hasGpu: /* @__PURE__ */ optional(flag, false),
  availableVramGb: size,
  images: names,
  toolIds: names,
};

/**
 * What a backend offers. For images and tools, `null` means any and an empty list means none. A job that names an image
 * is matched by the image alone, because the image contains the tool. A job without an image is matched by its tool.
 *
 * @example
 * ```ts
 * const box = new BackendCapabilities({ hasGpu: true, availableVramGb: 24, toolIds: ["whisper"] });
 * box.canSatisfy(new ToolRequirements({ toolId: "whisper", minVramGb: 16 })); // => true
 * box.canSatisfy(new ToolRequirements({ toolId: "boltz" })); // => false
 * ```
 */
export class BackendCapabilities {
  /** For information only: `availableVramGb` alone decides whether a GPU job fits. */
  declare readonly hasGpu: boolean;
  /** Free video memory in GB; `null` if there is none or it is unknown. */
  declare readonly availableVramGb: number | null;
  declare readonly images: readonly string[] | null;
  declare readonly toolIds: readonly string[] | null;

  /**
   * @throws TypeError for an unknown field or a wrong type.
   * @throws RangeError for a negative or infinite size, or a name that is empty, too long or has a control character.
   */
  constructor(
    backend: {
      readonly hasGpu?: boolean | undefined;
      readonly availableVramGb?: number | null | undefined;
      readonly images?: readonly string[] | null | undefined;
      readonly toolIds?: readonly string[] | null | undefined;
    } = {},
  ) {
    const fields = read("BackendCapabilities", backend, CAPABILITIES);
    new MadeCapabilities(this);
    seal(this, fields);
  }

  /** Whether this backend meets all requirements of a job. */
  canSatisfy(requirements: ToolRequirements): boolean {
    const has = backendCapabilities("canSatisfy: this", this);
    return lackOf(has, toolRequirements("canSatisfy", requirements)) === null;
  }
}

/**
 * This class has its own mark, because every job checks it for every backend, and a mark that all classes share is
 * slower.
 */
class MadeCapabilities extends ReturnOverride {
  readonly #made = true;

  static has(value: unknown): value is BackendCapabilities {
    return typeof value === "object" && value !== null && #made in value;
  }
}

/** Reads {@link BackendCapabilities}. */
export const backendCapabilities: Reader<BackendCapabilities> = (what, value) =>
  MadeCapabilities.has(value) ? value : otherBackendCapabilities(what, value);

const otherBackendCapabilities = /* @__PURE__ */ foreignReader(
  "BackendCapabilities",
  CAPABILITIES,
  (fields) => new BackendCapabilities(fields),
);

/** The first requirement that a backend does not meet, or `null` if it meets all. */
export function lackOf(has: BackendCapabilities, needs: ToolRequirements): "tool" | "vram" | "image" | null {
  const { minVramGb } = needs;
  // vramFits() would check both values again, and this runs for every backend of every job.
  if (minVramGb !== null && (has.availableVramGb ?? -1) < minVramGb) return "vram";
  if (needs.image !== null) return has.images?.includes(needs.image) === false ? "image" : null;
  return has.toolIds?.includes(needs.toolId) === false ? "tool" : null;
}

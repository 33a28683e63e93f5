import { flag, listOf, nameUpTo, outOfRange, read, type Reader, whole } from "../internal/check.ts";
import { define, valueReader } from "../internal/value.ts";

/** A hash of the content, or a path that contains one. */
const contentKey = /* @__PURE__ */ nameUpTo(500);
const keys = /* @__PURE__ */ listOf(contentKey);

const ITEM = { key: contentKey, sizeBytes: whole };

/**
 * Something that a job needs on local storage, such as weights or an input. Its key identifies its content, so
 * jobs that need the same content share it.
 *
 * @example
 * ```ts
 * new StagedItem({ key: "sha256:9f86d081", sizeBytes: 4096 }).sizeBytes; // => 4096
 * ```
 */
export class StagedItem {
  declare readonly key: string;
  declare readonly sizeBytes: number;

  /**
   * @throws TypeError for a missing or unknown field or a wrong type.
   * @throws RangeError for an empty key, or a size that is negative or not whole.
   */
  constructor(item: { readonly key: string; readonly sizeBytes: number }) {
    define(this, "StagedItem", item, ITEM);
  }
}

const stagedItem: Reader<StagedItem> = /* @__PURE__ */ valueReader(
  "StagedItem",
  ITEM,
  (fields) => new StagedItem(fields),
);
const items = /* @__PURE__ */ listOf(stagedItem);

const PLAN = { stage: keys, evict: keys, overBudget: flag };

/**
 * What to fetch and what to delete; made by {@link planStage}.
 *
 * @example
 * ```ts
 * new StagePlan({ stage: ["b"], evict: ["a"], overBudget: false }).stage; // => ["b"]
 * ```
 */
export class StagePlan {
  /** The keys to fetch, in the order of the queue. */
  declare readonly stage: readonly string[];
  /** The keys to delete, in the order of `staged`. */
  declare readonly evict: readonly string[];
  /** Whether the first item of the queue alone is larger than `maxBytes`; it is staged anyway. */
  declare readonly overBudget: boolean;

  /** @throws TypeError for a missing or unknown field or a wrong type. */
  constructor(plan: {
    readonly stage: readonly string[];
    readonly evict: readonly string[];
    readonly overBudget: boolean;
  }) {
    define(this, "StagePlan", plan, PLAN);
  }
}

/**
 * Plans what to fetch for the next jobs and what to delete, so that the staged items stay within the limits.
 *
 * The window is the start of the queue: it takes the items in order, until the next one would exceed `maxItems` or
 * `maxBytes`. That item ends the window, even if a smaller one follows. The first item of the queue is always in the window,
 * even if it is larger than `maxBytes`, because its job could otherwise never run; only `maxItems: 0` excludes it. A key that
 * is repeated in the queue counts once, with its first size.
 *
 * @param desired - the items that the queued jobs need, in the order of the queue.
 * @param staged - the items that are staged now.
 * @param options - `maxItems` and `maxBytes`: the most that may be staged; at least 0.
 * @returns `stage`: the keys of the window that are not staged yet; `evict`: every entry of `staged` that is not in the
 *   window, repeated entries included; `overBudget`: whether the window is larger than `maxBytes`.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a limit or size that is negative or not whole, or an empty key.
 * @example
 * ```ts
 * const item = (key: string) => new StagedItem({ key, sizeBytes: 40 });
 * const plan = planStage([item("b"), item("c")], [item("a"), item("b")], { maxItems: 5, maxBytes: 100 });
 * [plan.stage, plan.evict, plan.overBudget]; // => [["c"], ["a"], false]
 * ```
 */
export function planStage(
  desired: readonly StagedItem[],
  staged: readonly StagedItem[],
  options: { readonly maxItems: number; readonly maxBytes: number },
): StagePlan {
  const queue = items("planStage: desired", desired);
  const present = items("planStage: staged", staged).map(({ key }) => key);
  const { maxItems, maxBytes } = read("planStage", options, { maxItems: whole, maxBytes: whole });
  const window = new Set<string>();
  let bytes = 0;
  for (const { key, sizeBytes } of queue) {
    if (window.has(key)) continue;
    if (window.size >= maxItems || (window.size > 0 && bytes + sizeBytes > maxBytes)) break;
    window.add(key);
    bytes += sizeBytes;
  }
  const there = new Set(present);
  return new StagePlan({
    stage: Array.from(window).filter((key) => !there.has(key)),
    evict: present.filter((key) => !window.has(key)),
    overBudget: bytes > maxBytes,
  });
}

/**
 * Adds up the sizes of all staged items.
 *
 * @param staged - the items; one that is listed twice counts twice.
 * @returns bytes.
 * @throws TypeError if it is not an array of {@link StagedItem}s.
 * @throws RangeError if the sum is too large to be exact (2^53 bytes).
 * @example
 * ```ts
 * stagedBytes([new StagedItem({ key: "a", sizeBytes: 40 }), new StagedItem({ key: "b", sizeBytes: 2 })]); // => 42
 * ```
 */
export function stagedBytes(staged: readonly StagedItem[]): number {
  const bytes = items("stagedBytes: staged", staged).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  if (Number.isSafeInteger(bytes)) return bytes;
  throw outOfRange("stagedBytes: the sum", "less than 2^53 bytes", bytes);
}

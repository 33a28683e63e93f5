import { DispatchError } from "../errors.ts";
import {
  duration,
  identifier,
  isPlain,
  listOf,
  nameUpTo,
  orNull,
  outOfRange,
  read,
  type Reader,
  wrongType,
} from "../internal/check.ts";
import { quote } from "../internal/text.ts";
import { readAny } from "../internal/value.ts";
import { ledgerAmount } from "../money/amount.ts";
import { outcome } from "../money/outcome.ts";
import { instant } from "../time.ts";
import type { HoldRequest, Tags } from "./contract.ts";
import type { HeldScope } from "./scopes.ts";

const JOB_PREFIX = "job:";

/** The `n`th hold of a job, counted from 1. An attempt that is claimed again gets a new one. */
export function jobHoldId(jobId: string, n: number): string {
  return `${JOB_PREFIX}${jobId}#${n}`;
}

/** The job whose attempt a hold is for; `null` for a caller's own hold. */
export function jobOfHold(holdId: string): string | null {
  return /^job:(.*)#\d+$/s.exec(holdId)?.[1] ?? null;
}

/** Reads a hold's id for a look-up; a job's hold adds its prefix and number to up to 200 code units. */
export const anyHoldId: Reader<string> = /* @__PURE__ */ nameUpTo(220);

/** Reads a hold's id for a change, which a job's hold refuses: only its lease moves that money. */
export function ownHoldId(what: string, holdId: unknown): string {
  const subject = anyHoldId(what, holdId);
  if (!subject.startsWith(JOB_PREFIX)) return identifier(what, subject);
  const message = `${what}: ${quote(subject)} belongs to a job; only the job store moves its money`;
  throw new DispatchError("hold_owned_by_job", message, { subject });
}

/** Reads scopes and caps: at least one, none twice. The result is a frozen copy. */
export function scopeCaps(what: string, value: unknown): readonly HeldScope[] {
  const readers = { scope: identifier, cap: orNull(ledgerAmount), until: orNull(instant) };
  const scopes = listOf((at, entry) => outcome(readAny<HeldScope>(at, entry, readers)))(what, value);
  const names = scopes.map(({ scope }) => scope);
  if (names.length > 0 && new Set(names).size === names.length) return scopes;
  const given = names.length === 0 ? "none" : names.map(quote).join(", ");
  throw new RangeError(`${what} must be at least one scope, each once; got ${given}`);
}

function ttl(what: string, value: unknown): number {
  const seconds = duration(what, value);
  if (seconds === 0) throw outOfRange(what, "above 0", seconds);
  return seconds;
}

/** The most labels of a hold or a job. */
const MOST_TAGS = 16;

/** Reads labels: at most 16, names and values of 1 to 200 code units. The result is a frozen copy; none is empty. */
export const tagsOf: Reader<Tags> = (what, value) => {
  if (value === undefined) return NO_TAGS;
  if (!isPlain(value)) throw wrongType(what, "a plain object", value);
  const names = Reflect.ownKeys(value);
  if (names.length > MOST_TAGS) throw outOfRange(what, `at most ${MOST_TAGS} tags`, names.length);
  const tags = names.map((name) => {
    const checked = identifier(`${what}: the name of a tag`, name);
    return [checked, identifier(`${what}.${quote(checked)}`, Reflect.get(value, name))] as const;
  });
  return Object.freeze(Object.fromEntries(tags));
};

const NO_TAGS: Tags = /* @__PURE__ */ Object.freeze({});

/** A hold's request, checked. */
export interface CheckedHold extends HoldRequest {
  readonly scopes: readonly HeldScope[];
  readonly tags: Tags;
}

/**
 * What a hold's request may be: checked, copied and frozen, before a store touches anything.
 *
 * @throws TypeError for a missing or unknown field or a wrong type.
 * @throws RangeError for an amount, cap, ttl, id or scope out of range, no scope, or one named twice.
 * @throws DispatchError `hold_owned_by_job` for an id that starts with `job:`.
 */
export function holdRequest(request: HoldRequest): CheckedHold {
  const readers = {
    holdId: ownHoldId,
    amount: ledgerAmount,
    scopes: scopeCaps,
    ttlSeconds: ttl,
    tags: tagsOf,
  };
  return Object.freeze(read<CheckedHold>("hold", request, readers));
}

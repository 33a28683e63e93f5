import { finite, read, positive } from "../internal/check.ts";

/**
 * The run time of work for each second of its length: 0.5 is twice as fast as real time, 2 is half as fast.
 *
 * @param wallSeconds - how long it ran, in seconds; at least 0.
 * @param workSeconds - the length of its input, such as audio, in seconds; at least 0.
 * @returns `wallSeconds / workSeconds`; `null` if `workSeconds` is 0.
 * @throws TypeError if either is not a number.
 * @throws RangeError if either is negative or not finite.
 * @example
 * ```ts
 * realTimeFactor(150, 100); // => 1.5
 * realTimeFactor(150, 0); // => null
 * ```
 */
export function realTimeFactor(wallSeconds: number, workSeconds: number): number | null {
  const wall = finite("realTimeFactor: wallSeconds", wallSeconds);
  const work = finite("realTimeFactor: workSeconds", workSeconds);
  return work === 0 ? null : wall / work;
}

function wallOf(what: string, workSeconds: number, options: { readonly rtfCeiling: number }): number {
  const work = finite(`${what}: workSeconds`, workSeconds);
  return work * read(what, options, { rtfCeiling: positive }).rtfCeiling;
}

/**
 * The longest that work may run at a pace that still counts as normal.
 *
 * @param workSeconds - the length of the input, in seconds; at least 0.
 * @param options - `rtfCeiling`: the highest {@link realTimeFactor} that is normal; above 0.
 * @returns `workSeconds * rtfCeiling`, in seconds.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a negative length, a ceiling of 0 or less, or a value that is not finite.
 * @example
 * ```ts
 * expectedWall(100, { rtfCeiling: 1.5 }); // => 150
 * ```
 */
export function expectedWall(workSeconds: number, options: { readonly rtfCeiling: number }): number {
  return wallOf("expectedWall", workSeconds, options);
}

/**
 * Whether work has run for longer than its {@link expectedWall}. At exactly that time it has not.
 *
 * @param workSeconds - the length of the input, in seconds; at least 0.
 * @param elapsedSeconds - how long it has run so far, in seconds; at least 0.
 * @param options - `rtfCeiling`: the highest {@link realTimeFactor} that is normal; above 0.
 * @throws TypeError if an argument is not of its type.
 * @throws RangeError for a negative time, a ceiling of 0 or less, or a value that is not finite.
 * @example
 * ```ts
 * isOverrunning(100, 150, { rtfCeiling: 1.5 }); // => false
 * isOverrunning(100, 150.1, { rtfCeiling: 1.5 }); // => true
 * ```
 */
export function isOverrunning(
  workSeconds: number,
  elapsedSeconds: number,
  options: { readonly rtfCeiling: number },
): boolean {
  const elapsed = finite("isOverrunning: elapsedSeconds", elapsedSeconds);
  return elapsed > wallOf("isOverrunning", workSeconds, options);
}

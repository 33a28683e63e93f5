import type { Awaitable } from "../internal/awaitable.ts";

/**
 * Subscribes to notifications of new jobs in these lanes, and returns a function that ends the subscription.
 *
 * The listener makes an idle worker look for jobs at once. It may be called at any time and any number of times, and it
 * never throws. A lost notification delays a job but never loses it, because the worker keeps polling.
 */
export type Wake = (lanes: readonly string[], listener: () => void) => Awaitable<() => Awaitable<void>>;

/**
 * The loop that runs jobs: claims, renewals, recovery, retries and a graceful stop, over any store.
 *
 * @module
 */
export type { Wake, WorkOptions, WorkStore } from "./options.ts";
export { work } from "./work.ts";

/**
 * The loop that runs jobs from any store: claims, renewals, recovery, retries and a graceful stop.
 *
 * @module
 */
export type { Wake } from "../dispatch/wake.ts";
export type { WorkOptions, WorkStore } from "./options.ts";
export { work } from "./work.ts";

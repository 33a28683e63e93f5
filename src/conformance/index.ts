/**
 * The contract of the stores as cases, for users who write a store of their own.
 *
 * @module
 */
export { conformance, type ConformanceCase, type ConformanceOutcome } from "./conformance.ts";
export type { ConformancePart, ConformanceStores, MakeStore, MakeStoreOptions } from "./make-store.ts";

/**
 * The contract of the stores as test cases, for users who write their own store.
 *
 * @module
 */
export { conformance, type ConformanceCase, type ConformanceOutcome } from "./conformance.ts";
export type {
  ConformancePart,
  ConformanceStores,
  Feature,
  MakeStore,
  MakeStoreOptions,
} from "./make-store.ts";

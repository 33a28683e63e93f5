import type { Definition } from "./define.ts";
import { holdCases } from "./holds.ts";

/** Every case, in the order of the contract. */
export const CASES: readonly Definition[] = [...holdCases];

/** Seconds until a lease without a length of its own may be recovered, and until a direct hold is charged. */
export const TTL_SECONDS = 0.3;

/** Seconds that some leases last by their own length. */
export const OWN_SECONDS = 0.7;

/** The only lanes there are. */
export const LANES = ["a", "b"] as const;

/** The scope whose cap is pinned, and which requests name without a cap. */
export const PINNED = "tenant:p";

/** The process whose code cannot read the payloads of newer jobs. */
export const OLDER = 0;

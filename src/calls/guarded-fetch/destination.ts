import type { ExternalEndpoint } from "../../egress.ts";
import { targetIn } from "../egress-fetch/egress-fetch.ts";

/** An endpoint of the guard, and the URL below it that is asked for. */
export interface Destination {
  readonly endpoint: ExternalEndpoint;
  readonly target: string;
}

/** The first endpoint that a URL is below, or `null`. */
export function destinationOf(endpoints: readonly ExternalEndpoint[], url: string): Destination | null {
  for (const endpoint of endpoints) {
    const target = targetIn(endpoint, url);
    if (target !== null) return { endpoint, target };
  }
  return null;
}

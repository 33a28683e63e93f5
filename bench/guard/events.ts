import { memoryStore } from "dispatch-kit/memory";
import { do_not_optimize } from "mitata";
import { type Case, race, type Timing } from "../measure.ts";
import { clientOf, guardWith } from "./clients.ts";
import { type Fetch, fetchAtOnce, fetchFrom } from "./provider.ts";
import type { Wire } from "./wires.ts";

/** The events of a stream. */
export const EVENTS = 2000;

/** How the events of a stream come. */
export const PACES = [
  "local server, in a burst",
  "local server, each by itself",
  "one in each chunk",
] as const;
export type Pace = (typeof PACES)[number];

/** A stream whose client asks for the usage, or one for which the guard asks and hides it. */
export const KINDS = ["openai, with usage", "openai, usage hidden", "anthropic"] as const;
export type Kind = (typeof KINDS)[number];

/** A case of a stream. Its calls are its events. */
export interface StreamCase extends Case {
  readonly part: "bare" | "guarded";
  readonly kind: Kind;
  readonly pace: Pace;
}

/** Streams of 2,000 events, with the client alone and with a guard that has the memory ledger. */
export async function streamTimings(port: number): Promise<readonly Timing<StreamCase>[]> {
  return race(
    PACES.flatMap((pace) => KINDS.flatMap((kind) => casesOf(port, kind, pace))),
    { runs: 3, warmUp: 10 },
  );
}

function casesOf(port: number, kind: Kind, pace: Pace): readonly StreamCase[] {
  const wire: Wire = kind === "anthropic" ? "anthropic" : "openai";
  const answer = { pieces: EVENTS, ...(pace === "local server, each by itself" && { each: true as const }) };
  const fetch = pace === "one in each chunk" ? fetchAtOnce(wire, answer) : fetchFrom(port, answer);
  const read = (fetchOf: () => Fetch) => async (): Promise<void> => {
    let seen = 0;
    for await (const event of await clientOf(wire, fetchOf()).stream(kind !== "openai, usage hidden")) {
      do_not_optimize(event);
      seen++;
    }
    if (seen < EVENTS) throw new Error(`the stream had ${String(seen)} events`);
  };
  const about = { kind, pace, calls: EVENTS };
  const title = `${kind}, ${pace}: the client`;
  return [
    { ...about, name: title, part: "bare", run: read(() => fetch) },
    {
      ...about,
      name: `${title} with guardedFetch`,
      part: "guarded",
      run: read(() => guardWith(memoryStore(), fetch)),
    },
  ];
}

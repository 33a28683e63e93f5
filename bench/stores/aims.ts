import { LANES, SHAPES } from "./claims.ts";
import { bare, graphileWorker, ours, pgBoss } from "./contestants/index.ts";
import type { HoldRace, Measured, Race } from "./measured.ts";
import { median } from "./numbers.ts";

/** A target of the store, and its figure in this run. A missed target is only reported. */
export interface Aim {
  readonly text: string;
  readonly measured: number;
  readonly met: boolean;
}

/** The targets and their figures. */
export function aimsOf(measured: Measured): readonly Aim[] {
  return [
    ...(measured.jobs.length > 0 ? jobAims(measured.jobs) : []),
    ...(measured.batches.length > 0 ? [batchAim(measured.batches)] : []),
    ...(measured.holds.length > 0 ? holdAims(measured.holds) : []),
    ...(measured.claims.length > 0 ? claimAims(measured) : []),
  ];
}

function jobAims(races: readonly Race[]): readonly Aim[] {
  const rate = ({ name }: { readonly name: string }, callers: number): number =>
    perSecond(found(races, (race) => race.name === name && race.setting.callers === callers));
  return [
    least("64 callers: x graphile-worker", rate(ours, 64) / rate(graphileWorker, 64), 2),
    least("64 callers: x pg-boss", rate(ours, 64) / rate(pgBoss, 64), 4),
    least("16 callers: x graphile-worker", rate(ours, 16) / rate(graphileWorker, 16), 1),
    least("16 callers: x pg-boss", rate(ours, 16) / rate(pgBoss, 16), 1),
    most("one caller alone: x the time of the bare SQL", rate(bare, 1) / rate(ours, 1), 1.3),
  ];
}

function batchAim(races: readonly Race[]): Aim {
  const rate = ({ name }: { readonly name: string }): number =>
    perSecond(found(races, (race) => race.name === name));
  return least(
    "batches: x the faster of the two",
    rate(ours) / Math.max(rate(graphileWorker), rate(pgBoss)),
    1.5,
  );
}

function holdAims(holds: readonly HoldRace[]): readonly Aim[] {
  const rate = (name: string, callers: number): number =>
    found(holds, (race) => race.name === name && race.callers === callers).perSecond.median;
  const toBare = (callers: number): number =>
    rate("dispatch-kit", callers) / rate("bare single-row UPDATE", callers);
  return [
    least("holds on one cap, 16 callers: x the bare single-row UPDATE", toBare(16), 6),
    least("holds on one cap, 64 callers: x the bare single-row UPDATE", toBare(64), 20),
  ];
}

function claimAims({ claims }: Measured): readonly Aim[] {
  return SHAPES.flatMap((shape) =>
    LANES.map((lanes) => {
      const times = claims.filter((time) => time.shape === shape && time.lanes === lanes);
      const [first, last] = [times[0], times.at(-1)];
      if (first === undefined || last === undefined) throw new Error("a shape was not measured");
      const text = `a claim, ${shape}, ${String(lanes)} lanes: x its time at ${String(first.rows)} rows at ${String(last.rows)}`;
      return most(text, last.micros.median / first.micros.median, 1.3);
    }),
  );
}

/** Jobs per second: the median of the repetitions. */
export function perSecond({ runs }: Race): number {
  return median(runs.map(({ jobsPerSecond }) => jobsPerSecond));
}

function least(text: string, measured: number, limit: number): Aim {
  return { text: `${text}, at least ${String(limit)}`, measured, met: measured >= limit };
}

function most(text: string, measured: number, limit: number): Aim {
  return { text: `${text}, at most ${String(limit)}`, measured, met: measured <= limit };
}

function found<Of>(all: readonly Of[], is: (of: Of) => boolean): Of {
  const one = all.find(is);
  if (one === undefined) throw new Error("a case of the targets was not measured");
  return one;
}

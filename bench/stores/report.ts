import { table } from "../table.ts";
import { type Aim, perSecond } from "./aims.ts";
import type { ClaimTime } from "./claims.ts";
import type { HoldRace, Measured, Race } from "./measured.ts";
import { median, type Spread, spreadOf } from "./numbers.ts";
import type { Run } from "./race.ts";

/** All results, and then the targets. */
export function text(measured: Measured, aims: readonly Aim[]): string {
  return [
    ...(measured.jobs.length > 0 ? [raceTable("jobs, one per call", measured.jobs)] : []),
    ...(measured.batches.length > 0
      ? [raceTable("jobs in batches, each contestant at its best batch size", measured.batches)]
      : []),
    ...(measured.holds.length > 0 ? [holdTable(measured.holds)] : []),
    ...(measured.claims.length > 0 ? [claimTable(measured.claims)] : []),
    aimTable(aims),
  ].join("\n");
}

const LOAD = ["", "processes", "callers", "a call"];
const COST = ["WAL bytes/job", "dead rows/job", "server µs/job", "client µs/job"];

function raceTable(title: string, races: readonly Race[]): string {
  const rows = races.map((race) => {
    const { name, setting, runs } = race;
    const middle = (of: (run: Run) => number): string => digits(median(runs.map(of)));
    return [
      name,
      String(setting.processes),
      String(setting.callers),
      String(setting.batch),
      digits(perSecond(race)),
      range(spreadOf(runs.map(({ jobsPerSecond }) => jobsPerSecond))),
      middle(({ enqueueSeconds }) => setting.jobs / enqueueSeconds),
      middle(({ workSeconds }) => setting.jobs / workSeconds),
      middle(({ walBytesPerJob }) => walBytesPerJob),
      middle(({ deadTuplesPerJob }) => deadTuplesPerJob),
      middle(({ serverCpuMicros }) => serverCpuMicros),
      middle(({ clientCpuMicros }) => clientCpuMicros),
    ];
  });
  return table(title, [...LOAD, "jobs/s", "from .. to", "made/s", "done/s", ...COST], rows);
}

function holdTable(holds: readonly HoldRace[]): string {
  const rows = holds.map(({ name, callers, perSecond: rate }) => {
    return [name, String(callers), digits(rate.median), range(rate)];
  });
  return table("holds on one cap", ["", "callers", "holds/s", "from .. to"], rows);
}

function claimTable(claims: readonly ClaimTime[]): string {
  const rows = claims.map(({ shape, rows: size, lanes, micros }) => {
    return [shape, String(size), String(lanes), digits(micros.median), range(micros)];
  });
  return table("a claim of one job by one caller", ["", "rows", "lanes", "µs", "from .. to"], rows);
}

function aimTable(aims: readonly Aim[]): string {
  const rows = aims.map(({ text: aim, measured, met }) => [aim, measured.toFixed(2), met ? "met" : "missed"]);
  return table("aims", ["", "measured", ""], rows);
}

function range({ least, most }: Spread): string {
  return `${digits(least)} .. ${digits(most)}`;
}

/** Three significant digits, or all digits before the point. */
function digits(value: number): string {
  if (Number.isNaN(value)) return "";
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

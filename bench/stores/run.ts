/**
 * `npm run bench:stores` measures the PostgreSQL store and its rivals side by side, on a server that it starts, with fsync and
 * synchronous_commit on, each in its own database.
 *
 * `-- --quick` measures a twentieth of the jobs twice, `-- --part jobs,holds` only some parts; `-- --json` prints JSON.
 */
import { parseArgs } from "node:util";
import { machine, machineText } from "../machine.ts";
import { aimsOf } from "./aims.ts";
import { measureAll, type Part, PARTS } from "./measured.ts";
import { text } from "./report.ts";
import { Bench } from "./server.ts";

const { values } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    part: { type: "string", default: PARTS.join(",") },
    repetitions: { type: "string" },
    size: { type: "string" },
  },
});
const parts = values.part.split(",").map((name): Part => {
  const part = PARTS.find((known) => known === name);
  if (part === undefined) throw new RangeError(`--part is some of ${PARTS.join(",")}; got ${name}`);
  return part;
});
const say = (line: string): void => {
  if (!values.json) console.log(line);
};

const about = machine(["pg", "pg-boss", "graphile-worker"]);
const bench = await Bench.start();
try {
  const settings = await bench.settings();
  say(`${machineText(about)}\n${settings}`);
  const measured = await measureAll(bench, parts, {
    repetitions: numberOf("repetitions", values.repetitions ?? (values.quick ? "2" : "5")),
    size: numberOf("size", values.size ?? (values.quick ? "0.05" : "1")),
    say: (line) => {
      say(`${new Date().toISOString().slice(11, 19)} ${line}`);
    },
  });
  const aims = aimsOf(measured);
  console.log(
    values.json
      ? JSON.stringify({ machine: about, settings, ...measured, aims }, null, 2)
      : text(measured, aims),
  );
} catch (error) {
  // Ends first, because every open connection reports an error when the server stops.
  console.error(error);
  process.exitCode = 1;
} finally {
  await bench.stop();
}

function numberOf(name: string, given: string): number {
  const number = Number(given);
  if (number > 0) return number;
  throw new RangeError(`--${name} is a number above 0; got ${given}`);
}

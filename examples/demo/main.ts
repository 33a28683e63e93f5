import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import type { EpochSeconds } from "dispatch-kit";
import { AuditFailure } from "./audit.ts";
import { InputError, reasonOf } from "./failure.ts";
import { timeOfDay } from "./format.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { page } from "./page.ts";
import { runPass } from "./passes.ts";
import { findListing } from "./price.ts";
import { progress, summary } from "./report.ts";
import { type Result, resultJson } from "./result.ts";
import { MAX_OUTPUT_TOKENS } from "./service.ts";
import { readTrace } from "./trace.ts";

async function main(options: Options): Promise<string> {
  if (options.help) return HELP;
  const trace = readTrace(options.trace, MAX_OUTPUT_TOKENS);
  const listing = findListing(options.model, todayAt(trace.calls[0].at));
  const onProgress = progress(process.stderr);
  const run = (name: "naive" | "settled"): ReturnType<typeof runPass> =>
    runPass({
      name,
      trace,
      listing,
      cap: options.cap,
      onProgress: (done, total) => {
        onProgress(name, done, total);
      },
    });
  const result: Result = {
    trace,
    listing,
    cap: options.cap,
    naive: await run("naive"),
    settled: await run("settled"),
  };
  write(options.out, page(result));
  const shown = relative(process.cwd(), options.out);
  const out = shown.startsWith("..") ? options.out : shown;
  return options.json ? `${JSON.stringify(resultJson(result, out), null, 2)}\n` : summary(result, out);
}

/** The traffic is old, the prices are today's; a few depend on the hour, and that is the trace's. */
function todayAt(seconds: EpochSeconds): Date {
  const day = new Date().toISOString().slice(0, "2023-11-16".length);
  return new Date(`${day}T${timeOfDay(seconds)}Z`);
}

function write(file: string, content: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    throw new InputError(`${file}: the page cannot be written: ${reasonOf(error)}`);
  }
}

try {
  process.stdout.write(await main(readOptions(process.argv.slice(2))));
} catch (error) {
  // Anything else is a bug, and wants its stack.
  if (!(error instanceof InputError) && !(error instanceof AuditFailure)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = error instanceof InputError ? 2 : 1;
}

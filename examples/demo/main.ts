import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { EpochSeconds } from "dispatch-kit";
import { AuditFailure } from "./audit.ts";
import { InputError, reasonOf } from "./failure.ts";
import { shown, timeOfDay } from "./format.ts";
import { inMemory, type PassName, type Place } from "./ground.ts";
import { journalFacts } from "./journal.ts";
import { HELP, type Options, readOptions } from "./options.ts";
import { page } from "./page.ts";
import { runPass } from "./passes.ts";
import { inPostgres } from "./postgres.ts";
import { findListing, type Listing } from "./price.ts";
import { progress, summary } from "./report.ts";
import { type Result, resultJson } from "./result.ts";
import { LATENCY, MAX_OUTPUT_TOKENS, STEP_SECONDS } from "./service.ts";
import { inSqlite } from "./sqlite.ts";
import { readTrace, type Trace } from "./trace.ts";

async function main(options: Options): Promise<string> {
  if (options.help) return HELP;
  const trace = readTrace(options.trace, MAX_OUTPUT_TOKENS);
  const listing = findListing(options.model, todayAt(trace.calls[0].at));
  const { place, done } = await placeOf(options, trace, listing);
  try {
    const onProgress = progress(process.stderr);
    const run = (name: PassName): ReturnType<typeof runPass> =>
      runPass({
        name,
        trace,
        listing,
        cap: options.cap,
        place,
        onProgress: (decided, total) => {
          onProgress(name, decided, total);
        },
      });
    const [naive, settled] = [await run("naive"), await run("settled")];
    const journal = await journalFacts(settled.ground, trace, options.cap.run);
    const { cap } = options;
    const result: Result = { trace, listing, cap, naive, settled, journal, place: place.description };
    write(options.out, page(result));
    const out = shown(options.out);
    await done(true);
    return options.json ? `${JSON.stringify(resultJson(result, out), null, 2)}\n` : summary(result, out);
  } catch (error) {
    await done(false);
    throw error;
  }
}

/** The store of the run, and what to do at its end. */
async function placeOf(
  { place: given, cap }: Options,
  trace: Trace,
  listing: Listing,
): Promise<{ readonly place: Place; readonly done: (isFinished: boolean) => Promise<void> | void }> {
  switch (given.kind) {
    case "memory":
      return { place: inMemory(), done: () => undefined };
    case "postgres": {
      const place = await inPostgres(given.url, given.workers, trace, listing);
      return { place, done: (isFinished) => place.close(isFinished) };
    }
    case "sqlite": {
      const { model, provider, listed } = listing;
      const input = {
        calls: trace.calls,
        model,
        provider,
        listed,
        cap,
        LATENCY,
        MAX_OUTPUT_TOKENS,
        STEP_SECONDS,
      };
      const place = inSqlite(given.file, input, given.isFresh);
      if (place.isResumed) process.stderr.write(`resuming the run in ${shown(given.file)}\n`);
      return {
        place,
        done: (isFinished) => {
          if (isFinished) place.finish();
          place.close();
        },
      };
    }
  }
}

/** Today's date at the trace's time of day: the prices are today's, and a few depend on the hour. */
function todayAt(seconds: EpochSeconds): Date {
  const day = new Date().toISOString().slice(0, "2023-11-16".length);
  return new Date(`${day}T${timeOfDay(seconds)}Z`);
}

function write(file: string, content: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    throw new InputError(`${file}: cannot write the page: ${reasonOf(error)}`);
  }
}

try {
  process.stdout.write(await main(readOptions(process.argv.slice(2))));
} catch (error) {
  // Any other error is a bug, whose stack is needed.
  if (!(error instanceof InputError) && !(error instanceof AuditFailure)) throw error;
  process.stderr.write(`demo: ${error.message}\n`);
  process.exitCode = error instanceof InputError ? 2 : 1;
}

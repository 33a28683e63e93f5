import { callChecks } from "./suite/calls.mjs";
import { counter, equal } from "./suite/check.mjs";
import { guardChecks } from "./suite/guard.mjs";
import { jobChecks } from "./suite/jobs.mjs";
import { secretChecks, valueChecks } from "./suite/values.mjs";
import { vectorChecks } from "./suite/vectors.mjs";

/**
 * Everything that has to hold on every runtime, against the library that is passed in.
 *
 * @param library - what `load()` gives: the entry points, a second copy, and what importing changed.
 * @param data - the recorded vectors, and the README's example: how to run it and what it says it prints.
 * @param environment - `secret`, what DISPATCH_KIT_SECRET is; `readable`, whether the runtime's own
 *   environment shows it; `env`, an object that holds it, on Workers.
 * @returns the counter, for a launcher that has more to check.
 */
export async function suite(library, data, environment) {
  const counted = counter();
  const { check } = counted;
  await valueChecks(library, check);
  await secretChecks(library, environment, check);
  await jobChecks(library, check);
  await callChecks(library, check);
  await guardChecks(library, check);
  await vectorChecks(library, data.vectors, check);
  // What a newcomer copies first has to run as it stands, and to print what its comments say.
  if (data.example !== null) {
    await check("README: the example", async () =>
      equal(await printedBy(data.example.run), data.example.prints),
    );
  }
  return counted;
}

async function printedBy(run) {
  const printed = [];
  const { log } = console;
  console.log = (line) => printed.push(String(line));
  try {
    await run();
  } finally {
    console.log = log;
  }
  return printed;
}

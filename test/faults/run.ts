// Proof by force: seeds of work and of faults on real databases, checked by sums that the stores have no part in.
import { BROKEN, brokenOn } from "./broken/broken.ts";
import { campaign, caught, stageOf, WITHIN } from "./campaign.ts";
import { conduct, type Played } from "./conduct.ts";
import { type Options, readOptions, USAGE } from "./options.ts";
import type { StoreName } from "./plan.ts";

const SHOWN = 8;

function tell(store: StoreName, { seed, violations, folder }: Played): void {
  if (violations.length === 0) return;
  console.log(`${store}: seed ${String(seed)} FAILED; what its processes wrote is in ${folder}`);
  for (const violation of violations.slice(0, SHOWN)) console.log(`  ${violation}`);
  if (violations.length > SHOWN) console.log(`  and ${String(violations.length - SHOWN)} more`);
  console.log(`  again: npm run test:faults -- --store ${store} --seed ${String(seed)}`);
}

async function replay(store: StoreName, seed: number): Promise<boolean> {
  const stage = await stageOf(store);
  try {
    const played = await conduct(stage, seed);
    tell(store, played);
    const { violations, counts, seen } = played;
    const verdict = violations.length > 0 ? "failed" : counts ? "passed" : "passed, and does not count";
    console.log(`${store}: seed ${String(seed)} ${verdict}: ${JSON.stringify(seen)}`);
    return violations.length === 0;
  } finally {
    await stage.stop();
  }
}

async function honest(store: StoreName, { from, seeds, jobs }: Options): Promise<boolean> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(0)} s`;
  let done = 0;
  let counting = 0;
  const { played, counted, failed, seen } = await campaign(store, { from, seeds, jobs }, (one) => {
    tell(store, one);
    done++;
    if (one.counts) counting++;
    if (done % 10 === 0)
      console.log(`${store}: ${String(done)} seeds, ${String(counting)} count, ${seconds()}`);
  });
  const sums = Object.entries(seen).map(([what, times]) => `${String(times)} ${what}`);
  console.log(
    `${store}: ${String(played)} seeds from ${String(from)}, ${String(counted)} count, ${String(failed.length)} failed` +
      `${failed.length > 0 ? ` (${failed.join(", ")})` : ""}; ${sums.join(", ")}; ${seconds()}`,
  );
  if (counted < seeds) console.log(`${store}: only ${String(counted)} of ${String(seeds)} seeds count`);
  return failed.length === 0 && counted >= seeds;
}

async function broken(store: StoreName, { broken: names, from }: Options): Promise<boolean> {
  const stage = await stageOf(store);
  let all = true;
  try {
    for (const name of brokenOn(store === "sqlite" ? "sqlite" : "postgres").filter((one) =>
      names.includes(one),
    )) {
      const played = await caught(stage, name, from);
      all &&= played !== null;
      const when = played
        ? `caught in seed ${String(played.seed)}: ${played.violations[0] ?? ""}`
        : `NOT CAUGHT in ${String(WITHIN)} seeds`;
      console.log(`${store}: ${name}, which ${BROKEN[name]?.wrong ?? ""}: ${when}`);
    }
  } finally {
    await stage.stop();
  }
  return all;
}

async function main(): Promise<boolean> {
  const options = readOptions(process.argv.slice(2));
  let good = true;
  for (const store of options.stores) {
    const { seed, broken: names } = options;
    if (seed !== null) good = (await replay(store, seed)) && good;
    else if (names.length > 0) good = (await broken(store, options)) && good;
    else good = (await honest(store, options)) && good;
  }
  return good;
}

// What was started is ended on the way out.
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

if (process.argv.includes("--help")) {
  console.log(USAGE);
} else {
  try {
    process.exitCode = (await main()) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    process.exitCode = 2;
  }
}

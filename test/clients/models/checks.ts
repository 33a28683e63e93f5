import { type Count, total } from "../../runtimes/count.ts";

/** Named checks; one that throws has failed. */
export type Checks = Readonly<Record<string, () => Promise<void>>>;

/** No check takes that long unless something never ends. */
const PATIENCE_SECONDS = 300;

/** Runs checks one after the other, and prints how many have passed, and what is wrong with the others. */
export async function runChecks(title: string, checks: Checks): Promise<Count> {
  const started = performance.now();
  const failures: string[] = [];
  for (const [name, check] of Object.entries(checks)) {
    const wrong = await outcomeOf(check);
    if (wrong !== null) failures.push(`FAILED ${title}: ${name}: ${wrong}`);
  }
  const passed = Object.keys(checks).length - failures.length;
  const count = { passed, failed: failures.length, failures };
  for (const failure of failures) console.log(failure);
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${title}: ${total([count])}, in ${seconds} s`);
  return count;
}

async function outcomeOf(check: () => Promise<void>): Promise<string | null> {
  let timer: NodeJS.Timeout | undefined;
  const impatience = new Promise<string>((resolve) => {
    timer = setTimeout(() => {
      resolve(`it is not over after ${String(PATIENCE_SECONDS)} s`);
    }, PATIENCE_SECONDS * 1000);
  });
  try {
    return await Promise.race([check().then(() => null), impatience]);
  } catch (error) {
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  } finally {
    clearTimeout(timer);
  }
}

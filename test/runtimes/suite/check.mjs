// No test runner and no runtime's own API: the same few lines count on Node, Deno, Bun and Workers.

/** Counts checks, and prints what failed and why. */
export function counter() {
  let passed = 0;
  let failed = 0;
  return {
    async check(name, run) {
      try {
        await run();
        passed++;
      } catch (error) {
        failed++;
        console.log(`FAILED ${name}: ${error}`.replaceAll("\n", " "));
      }
    },
    /** The line that the launcher ends with, and whether all is well. */
    total: () => ({ line: `${passed} passed, ${failed} failed`, ok: failed === 0 && passed > 0 }),
  };
}

/** Compares as JSON does, with fields in any order and bigints as their digits. */
export function equal(actual, expected) {
  const [is, wanted] = [show(actual), show(expected)];
  if (is !== wanted) throw new Error(`got ${is}, wanted ${wanted}`);
}

export function isTrue(condition, why) {
  if (condition !== true) throw new Error(why);
}

/** What `run` throws or rejects with; it has to be a `Type`. */
export async function thrown(Type, run) {
  let answer;
  try {
    answer = await run();
  } catch (error) {
    if (error instanceof Type) return error;
    throw new Error(`threw ${error}, wanted a ${Type.name}`, { cause: error });
  }
  throw new Error(`answered ${show(answer)}, wanted a ${Type.name}`);
}

function show(value) {
  const text = JSON.stringify(value, (_, field) => {
    if (typeof field === "bigint") return `${field}n`;
    if (typeof field !== "object" || field === null || Array.isArray(field)) return field;
    return Object.fromEntries(Object.entries(field).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
  return text ?? String(value);
}

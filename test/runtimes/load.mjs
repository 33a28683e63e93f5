// What an import could quietly change: globals, and the prototypes that libraries like to patch.
const watched = { globalThis, Object, Array, BigInt, Number, String, Date, Error, Promise };

function names() {
  return Object.entries(watched).flatMap(([name, value]) => [
    ...Reflect.ownKeys(value).map((key) => `${name}.${String(key)}`),
    ...Reflect.ownKeys(value.prototype ?? {}).map((key) => `${name}.prototype.${String(key)}`),
  ]);
}

/** Imports the package by its entry points and a second copy by its path, and compares before and after. */
export async function load() {
  const before = new Set(names());
  const core = await import("dispatch-kit");
  const memory = await import("dispatch-kit/memory");
  const ledger = await import("dispatch-kit/rules");
  await import("dispatch-kit/worker");
  await import("dispatch-kit/journal");
  await import("dispatch-kit/audit");
  const calls = await import("dispatch-kit/calls");
  await import("dispatch-kit/telemetry");
  await import("dispatch-kit/conformance");
  await import("dispatch-kit/sqlite");
  await import("dispatch-kit/postgres");
  const second = await import("./second/node_modules/dispatch-kit/dist/index.js");
  const changed = names().filter((name) => !before.has(name));
  return { core, memory, ledger, calls, second, changed };
}

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { microCents } from "dispatch-kit";
import { actualOf, boundOf, type CallLedger, endpointFetch } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { do_not_optimize } from "mitata";
import { type Case, race, type Timing } from "../measure.ts";
import { BODIES, clientOf, ENDPOINTS, ENV, guardWith, PRICES, SCOPES } from "./clients.ts";
import { type Fetch, fetchAtOnce, fetchFrom } from "./provider.ts";
import { ANSWERS, HOSTS, MODELS, PATHS, type Wire, WIRES } from "./wires.ts";

/** Calls of each run. */
const CALLS = 8;
/** Runs with one memory ledger. It keeps its holds, so it is replaced before it grows. */
const RUNS_PER_LEDGER = 16;
const HEADERS = { "content-type": "application/json", accept: "application/json" };
const AMOUNT = microCents(196_500n);
const ACTUAL = microCents(39_000n);

export const LEDGERS = ["memory", "SQLite"] as const;
export type LedgerName = (typeof LEDGERS)[number];
export const TRANSPORTS = ["local server", "answered at once"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/**
 * A case of a call: the client alone, the ledger alone, the client with a guard, a part of the guard, or JSON.parse of the body,
 * which shows how fast the machine is.
 */
export interface CallCase extends Case {
  readonly part: "bare" | "guarded" | "ledger" | "boundOf" | "actualOf" | "endpointFetch" | "parse";
  readonly wire: Wire | null;
  readonly transport: Transport | null;
  readonly ledger: LedgerName | null;
}

/** The ledgers of a case. */
type Ledgers = Readonly<Partial<Record<LedgerName, Ledger>>>;

/** A ledger, and what is done before each run. */
interface Ledger {
  readonly ledger: CallLedger;
  readonly beforeRun: () => void;
}

/** A memory ledger that is replaced now and then. It has no `expire`, which a guard calls once a minute. */
function memoryLedger(): Ledger {
  let store = memoryStore();
  let runs = 0;
  return {
    ledger: {
      hold: (...of) => store.hold(...of),
      settle: (...of) => store.settle(...of),
      release: (...of) => store.release(...of),
      extend: (...of) => store.extend(...of),
    },
    beforeRun: () => {
      if (++runs % RUNS_PER_LEDGER === 0) store = memoryStore();
    },
  };
}

/** Calls of 8 kB, one after another, to a provider on a port. */
export async function callTimings(port: number): Promise<readonly Timing<CallCase>[]> {
  const folder = mkdtempSync(join(tmpdir(), "dispatch-kit-"));
  const databases: DatabaseSync[] = [];
  const open = async (name: string): Promise<CallLedger> => {
    const database = new DatabaseSync(join(folder, name), { timeout: 5000 });
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    databases.push(database);
    const store = sqliteStore(database);
    await store.migrate();
    return store;
  };
  try {
    // Each case has a file of its own, so that all of them grow alike.
    const files: CallLedger[] = [];
    for (const name of ["ledger", ...WIRES]) files.push(await open(name));
    return await race(casesWith(port, files), { runs: 16, warmUp: 500 });
  } finally {
    for (const database of databases) database.close();
    rmSync(folder, { recursive: true });
  }
}

function casesWith(port: number, files: readonly CallLedger[]): readonly CallCase[] {
  const left = [...files];
  const ledgers = (): Ledgers => {
    const file = left.pop();
    if (file === undefined) throw new Error("a case has no database");
    return { memory: memoryLedger(), SQLite: { ledger: file, beforeRun: () => undefined } };
  };
  const cases = WIRES.flatMap((wire) => [
    ...clientCases(wire, "local server", fetchFrom(port), ledgers()),
    ...clientCases(wire, "answered at once", fetchAtOnce(wire), { memory: memoryLedger() }),
    ...partCases(wire),
  ]);
  return [...ledgerCases(ledgers()), ...cases];
}

function clientCases(wire: Wire, transport: Transport, fetch: Fetch, ledgers: Ledgers): readonly CallCase[] {
  const asking = (fetchOf: Fetch, beforeRun = (): void => undefined) => {
    const client = clientOf(wire, fetchOf);
    return async (): Promise<void> => {
      beforeRun();
      for (let at = 0; at < CALLS; at++) do_not_optimize(await client.ask());
    };
  };
  const about = { wire, transport, calls: CALLS };
  const title = `${wire}, ${transport}: the client`;
  return [
    { ...about, name: title, part: "bare", ledger: null, run: asking(fetch) },
    ...eachOf(ledgers).map(([name, { ledger, beforeRun }]): CallCase => ({
      ...about,
      name: `${title} with guardedFetch, ${name} ledger`,
      part: "guarded",
      ledger: name,
      run: asking(guardWith(ledger, fetch), beforeRun),
    })),
  ];
}

function eachOf(ledgers: Ledgers): readonly (readonly [LedgerName, Ledger])[] {
  return LEDGERS.flatMap((name) => {
    const ledger = ledgers[name];
    return ledger === undefined ? [] : [[name, ledger] as const];
  });
}

function ledgerCases(ledgers: Ledgers): readonly CallCase[] {
  let next = 0;
  return eachOf(ledgers).map(([name, { ledger, beforeRun }]) => ({
    name: `hold and settle, ${name} ledger`,
    part: "ledger",
    wire: null,
    transport: null,
    ledger: name,
    calls: CALLS,
    run: async () => {
      beforeRun();
      for (let at = 0; at < CALLS; at++) {
        const holdId = `call:${String(next++)}`;
        const tags = { model: MODELS.openai, provider: "openai", team: "bench" };
        do_not_optimize(await ledger.hold({ holdId, amount: AMOUNT, scopes: SCOPES, ttlSeconds: 900, tags }));
        do_not_optimize(await ledger.settle(holdId, ACTUAL));
      }
    },
  }));
}

function partCases(wire: Wire): readonly CallCase[] {
  const about = { wire, transport: null, ledger: null, calls: CALLS };
  const request = { url: HOSTS[wire] + PATHS[wire], body: BODIES[wire] };
  const at = new Date("2026-11-25T10:00:00Z");
  const report: unknown = JSON.parse(ANSWERS[wire]);
  const options = {
    protocol: wire === "openai" ? "openai-chat" : "anthropic",
    model: MODELS[wire],
    at,
  } as const;
  const endpoint = ENDPOINTS[wire];
  const send = endpointFetch(endpoint, { env: ENV, log: () => null, fetch: fetchAtOnce(wire) });
  const repeated = (run: () => unknown) => (): void => {
    for (let call = 0; call < CALLS; call++) do_not_optimize(run());
  };
  return [
    {
      ...about,
      name: `${wire}: JSON.parse of the body`,
      part: "parse",
      run: repeated(() => JSON.parse(BODIES[wire]) as unknown),
    },
    {
      ...about,
      name: `${wire}: boundOf`,
      part: "boundOf",
      run: repeated(() => boundOf(request, PRICES, { at })),
    },
    {
      ...about,
      name: `${wire}: endpointFetch, answered at once`,
      part: "endpointFetch",
      run: async () => {
        for (let at = 0; at < CALLS; at++) {
          const answer = await send(request.url, { method: "POST", headers: HEADERS, body: request.body });
          do_not_optimize(await answer.text());
        }
      },
    },
    {
      ...about,
      name: `${wire}: actualOf`,
      part: "actualOf",
      run: repeated(() => actualOf(PRICES, report, options)),
    },
  ];
}

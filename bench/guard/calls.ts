import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { microCents } from "dispatch-kit";
import { actualOf, boundOf, type CallLedger } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { sqliteStore } from "dispatch-kit/sqlite";
import { do_not_optimize } from "mitata";
import { type Case, race, type Timing } from "../measure.ts";
import { BODIES, clientOf, guardWith, PRICES, SCOPES } from "./clients.ts";
import { type Fetch, fetchAtOnce, fetchFrom } from "./provider.ts";
import { ANSWERS, HOSTS, MODELS, PATHS, type Wire, WIRES } from "./wires.ts";

/** Calls of each run. Each run with the memory ledger has a new one, because it keeps its holds. */
const CALLS = 8;
const AMOUNT = microCents(196_500n);
const ACTUAL = microCents(39_000n);

export const LEDGERS = ["memory", "SQLite"] as const;
export type LedgerName = (typeof LEDGERS)[number];
export const TRANSPORTS = ["local server", "answered at once"] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** A case of a call: the client alone, the ledger alone, the client with a guard, or a part of the guard. */
export interface CallCase extends Case {
  readonly part: "bare" | "guarded" | "ledger" | "boundOf" | "actualOf";
  readonly wire: Wire | null;
  readonly transport: Transport | null;
  readonly ledger: LedgerName | null;
}

type Makers = Readonly<Partial<Record<LedgerName, () => CallLedger>>>;

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
    return await race(casesWith(port, files), { runs: 8 });
  } finally {
    for (const database of databases) database.close();
    rmSync(folder, { recursive: true });
  }
}

function casesWith(port: number, files: readonly CallLedger[]): readonly CallCase[] {
  const left = [...files];
  const makers = (): Makers => {
    const file = left.pop();
    if (file === undefined) throw new Error("a case has no database");
    return { memory: memoryStore, SQLite: () => file };
  };
  const cases = WIRES.flatMap((wire) => [
    ...clientCases(wire, "local server", fetchFrom(port), makers()),
    ...clientCases(wire, "answered at once", fetchAtOnce(wire), { memory: memoryStore }),
    ...partCases(wire),
  ]);
  return [...ledgerCases(makers()), ...cases];
}

function clientCases(wire: Wire, transport: Transport, fetch: Fetch, makers: Makers): readonly CallCase[] {
  const each = (fetchOf: () => Fetch) => async (): Promise<void> => {
    const client = clientOf(wire, fetchOf());
    for (let at = 0; at < CALLS; at++) do_not_optimize(await client.ask());
  };
  const about = { wire, transport, calls: CALLS };
  const title = `${wire}, ${transport}: the client`;
  return [
    { ...about, name: title, part: "bare", ledger: null, run: each(() => fetch) },
    ...eachOf(makers).map(([ledger, make]): CallCase => ({
      ...about,
      name: `${title} with guardedFetch, ${ledger} ledger`,
      part: "guarded",
      ledger,
      run: each(() => guardWith(make(), fetch)),
    })),
  ];
}

function eachOf(makers: Makers): readonly (readonly [LedgerName, () => CallLedger])[] {
  return LEDGERS.flatMap((ledger) => {
    const make = makers[ledger];
    return make === undefined ? [] : [[ledger, make] as const];
  });
}

function ledgerCases(makers: Makers): readonly CallCase[] {
  let next = 0;
  return eachOf(makers).map(([ledger, make]) => ({
    name: `hold and settle, ${ledger} ledger`,
    part: "ledger",
    wire: null,
    transport: null,
    ledger,
    calls: CALLS,
    run: async () => {
      const store = make();
      for (let at = 0; at < CALLS; at++) {
        const holdId = `call:${String(next++)}`;
        const tags = { model: MODELS.openai, provider: "openai", team: "bench" };
        do_not_optimize(await store.hold({ holdId, amount: AMOUNT, scopes: SCOPES, ttlSeconds: 900, tags }));
        do_not_optimize(await store.settle(holdId, ACTUAL));
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
  const repeated = (run: () => unknown) => (): void => {
    for (let call = 0; call < CALLS; call++) do_not_optimize(run());
  };
  return [
    {
      ...about,
      name: `${wire}: boundOf`,
      part: "boundOf",
      run: repeated(() => boundOf(request, PRICES, { at })),
    },
    {
      ...about,
      name: `${wire}: actualOf`,
      part: "actualOf",
      run: repeated(() => actualOf(PRICES, report, options)),
    },
  ];
}

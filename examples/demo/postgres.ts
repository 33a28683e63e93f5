import { microCents, type MicroCents } from "dispatch-kit";
import { postgresStore, type PostgresStore } from "dispatch-kit/postgres";
import { Client, Pool } from "pg";
import { InputError, reasonOf } from "./failure.ts";
import { memoryNotes, type PassName, type Place, type PlaceDescription } from "./ground.ts";
import {
  type Answer,
  callId,
  type Guard,
  type Incident,
  jobOf,
  LANE,
  type Prompt,
  type Request,
} from "./guards.ts";
import type { Listing } from "./price.ts";
import type { SimulatedClock } from "./replay.ts";
import { answerSteps } from "./service.ts";
import { Team } from "./team.ts";
import type { Call, Trace } from "./trace.ts";

/** What a worker needs to know about a call. */
export interface Flight extends Prompt {
  readonly generatedTokens: number;
  readonly dueStep: number;
}

const SCHEMA = "dispatch_kit_demo";
/** Short, so that another worker soon takes over the calls of a killed one. */
const LEASE_SECONDS = 3;
/** The most attempts of a call; one whose worker was lost is tried again. */
const ATTEMPTS = 3;

/** PostgreSQL, with the demo's own schemas, which are dropped at the end, and processes that run the calls. */
export interface PostgresPlace extends Place {
  close(isGraceful: boolean): Promise<void>;
}

/** @throws InputError if the database cannot be reached, or another demo uses it. */
export async function inPostgres(
  url: string,
  workers: number,
  trace: Trace,
  listing: Listing,
): Promise<PostgresPlace> {
  // On its own connection, so that the lock ends with the process.
  const admin = new Client({ connectionString: url });
  admin.on("error", () => undefined);
  try {
    await admin.connect();
    const lock = "SELECT pg_try_advisory_lock(hashtext('dispatch-kit demo')) AS is_mine";
    const { rows } = await admin.query<{ is_mine: boolean }>(lock);
    if (!rows[0]?.is_mine) throw new InputError("another demo uses this database");
    await drop(admin);
  } catch (error) {
    await admin.end();
    throw error instanceof InputError ? error : new InputError(`--postgres: ${reasonOf(error)}`);
  }
  const pool = new Pool({ connectionString: url });
  // Without it, an idle connection that dies would end the process. Errors of a call are thrown by the call.
  pool.on("error", () => undefined);
  let crew: Crew | null = null;
  const { host, pathname } = new URL(url);
  return {
    async open(pass, clock) {
      const schema = `${SCHEMA}_${pass}`;
      const store = postgresStore<Prompt, Answer>(pool, { schema });
      await store.migrate();
      if (pass === "settled") {
        const flights = postgresStore<Flight, Answer>(pool, { schema });
        crew = new Crew(flights, clock, { url, schema, rates: listing.rates, most: trace.calls.length });
        await crew.start(workers);
      }
      return { isResumed: false, store, notes: memoryNotes(), together: (step) => step() };
    },
    guard: (pass: PassName) => (pass === "settled" ? crew : null),
    async close(isGraceful) {
      await crew?.stop(isGraceful);
      await pool.end();
      await drop(admin);
      await admin.end();
    },
    get description(): PlaceDescription {
      const deaths = crew?.deaths ?? 0;
      const name = host + pathname;
      return { store: "postgres", name, processes: 1 + workers, deaths, commits: 0, commitSeconds: 0 };
    },
  };
}

async function drop(admin: Client): Promise<void> {
  const schemas = [`${SCHEMA}_naive`, `${SCHEMA}_settled`];
  for (const schema of schemas) await admin.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
}

/** A call whose current attempt is not booked yet. */
interface InFlight {
  readonly call: Call;
  attempt: number;
  booked: MicroCents | "lost" | null;
}

/** Makes each call a job for one of several worker processes. This process submits the jobs and sends them the time. */
class Crew implements Guard {
  readonly #store: PostgresStore<Flight, Answer>;
  readonly #clock: SimulatedClock;
  readonly #team: Team;
  readonly #inFlight = new Map<string, InFlight>();
  /** Attempts that were charged in full; a worker that was only slow may still correct its charge. */
  readonly #charged = new Map<string, Call>();
  #incidents: Incident[] = [];
  #news: () => void = () => undefined;

  constructor(
    store: PostgresStore<Flight, Answer>,
    clock: SimulatedClock,
    orders: { url: string; schema: string; rates: Listing["rates"]; most: number },
  ) {
    this.#store = store;
    this.#clock = clock;
    const { most, ...rest } = orders;
    // Enough slots for all calls: the time does not move while a call waits for a slot, so no slot would become free.
    const team = { ...rest, lane: LANE, concurrency: most, leaseSeconds: LEASE_SECONDS };
    this.#team = new Team(team, (told) => {
      const flight = told.kind === "booked" ? this.#inFlight.get(told.jobId) : undefined;
      if (told.kind !== "booked" || !flight) return;
      // A later attempt is ignored here: `#recover` reads what became of the earlier one.
      if (told.attempt === flight.attempt) flight.booked = microCents(told.booked);
      this.#news();
    });
  }

  start(workers: number): Promise<void> {
    return this.#team.start(workers);
  }

  stop(isGraceful: boolean): Promise<void> {
    return this.#team.stop(isGraceful);
  }

  get deaths(): number {
    return this.#team.deaths;
  }

  async admit(requests: readonly Request[]): ReturnType<Guard["admit"]> {
    const jobs = requests.map((request) => {
      const { call } = request;
      const dueStep = this.#clock.step + answerSteps(call.generatedTokens);
      const { contextTokens, generatedTokens } = call;
      return {
        ...jobOf(request, ATTEMPTS),
        payload: { contextTokens, generatedTokens, dueStep },
      };
    });
    const outcomes = await this.#store.submitMany(jobs);
    for (const [index, { call }] of requests.entries()) {
      if (outcomes[index]?.kind !== "queued") continue;
      this.#inFlight.set(callId(call), { call, attempt: 1, booked: null });
    }
    this.#team.tick(this.#clock.step, true);
    return outcomes.map((outcome) => (outcome.kind === "refused" ? outcome.lacking : []));
  }

  async finish(answered: Parameters<Guard["finish"]>[0]): ReturnType<Guard["finish"]> {
    this.#team.tick(this.#clock.step, false);
    const flights = answered.map(({ call }) => this.#inFlight.get(callId(call)));
    while (flights.some((flight) => flight?.booked === null)) {
      if (!(await this.#heard())) await this.#recover();
    }
    for (const { call } of answered) this.#inFlight.delete(callId(call));
    return flights.map((flight) => flight?.booked ?? null);
  }

  /** Returns losses, retries and corrections; `thorough` also looks for corrections in the ledger. */
  async incidents(thorough: boolean): Promise<readonly Incident[]> {
    if (thorough) await this.#findCorrections();
    const incidents = this.#incidents;
    this.#incidents = [];
    return incidents;
  }

  /** Waits for a report of a worker; false after half a second without one. */
  async #heard(): Promise<boolean> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => {
        resolve(false);
      }, 500);
    });
    const news = new Promise<boolean>((resolve) => {
      this.#news = () => {
        resolve(true);
      };
    });
    const heard = await Promise.race([news, silence, this.#team.failure]);
    clearTimeout(timer);
    return heard;
  }

  /**
   * Recovers the attempts of dead workers, and reads reports that were lost with them from the ledger. Only this process
   * recovers, so that no money moves while calls are decided.
   */
  async #recover(): Promise<void> {
    for (const flight of this.#inFlight.values()) {
      if (flight.booked !== null) continue;
      const hold = await this.#store.getHold(holdIdOf(flight));
      if (hold?.state === "settled") flight.booked = hold.booked;
    }
    const { attempts } = await this.#store.recoverStale({ ttlSeconds: LEASE_SECONDS });
    for (const { jobId, charged, outcome } of attempts) {
      const flight = this.#inFlight.get(jobId);
      if (!flight) throw new Error(`${jobId} was recovered but is not in flight`);
      const { call } = flight;
      this.#incidents.push({ kind: "lost", call, booked: charged });
      this.#charged.set(holdIdOf(flight), call);
      flight.attempt++;
      if (outcome === "requeued") this.#incidents.push({ kind: "retried", call, booked: charged });
      else flight.booked = "lost";
    }
    if (attempts.length > 0) this.#team.tick(this.#clock.step, true);
  }

  /** Finds charges that slow workers have corrected. */
  async #findCorrections(): Promise<void> {
    for (const [holdId, call] of this.#charged) {
      const hold = await this.#store.getHold(holdId);
      if (hold?.state !== "settled") continue;
      this.#charged.delete(holdId);
      this.#incidents.push({ kind: "corrected", call, booked: hold.booked });
    }
  }
}

function holdIdOf({ call, attempt }: InFlight): string {
  return `job:${callId(call)}#${attempt}`;
}

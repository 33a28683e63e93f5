import { type EpochSeconds, epochSeconds, type MicroCents, microCents, runScope } from "dispatch-kit";
import { type Checkpoint, checkpoint, openCheckpoint, verifierKey, verify } from "dispatch-kit/audit";
import {
  crossings,
  type JournalEntry,
  journalEntries,
  type RefusedHold,
  replay,
  type SpendRow,
} from "dispatch-kit/journal";
import { AuditFailure } from "./audit.ts";
import type { Ground, Store } from "./ground.ts";
import { callId, RUN_ID } from "./guards.ts";
import type { Call, Trace } from "./trace.ts";

/** The parts of the run's cap whose crossing is reported. */
export const THRESHOLDS = ["0.5", "0.8"] as const;

/** The name of the log that is sealed. */
const ORIGIN = "dispatch-kit.example/demo";

/** Entries that are read at once. Small pages take several times as long, since a store reads more than it hands out. */
const PAGE = 5000;

/** A hold that changed something. */
export interface Cause {
  readonly holdId: string;
  /** The call that it was made for. It came at the trace's time, whatever the store's clock says. */
  readonly call: Call;
}

/** A part of the run's cap, and the holds that have reached it. */
export interface Reached {
  readonly threshold: (typeof THRESHOLDS)[number];
  /** How often: what is settled lowers the sum, so the next hold may cross the same threshold again. */
  readonly times: number;
  /** The first time, and what was committed then; `null` if it was never reached. */
  readonly first: (Cause & { readonly committed: MicroCents }) | null;
}

/** What a lower cap would have done. */
export interface Trial {
  readonly cap: MicroCents;
  readonly refused: number;
  readonly first: (Cause & { readonly amount: MicroCents }) | null;
  readonly spent: MicroCents;
}

/** What the journal of a pass tells. Amounts in micro-cents. */
export interface JournalFacts {
  readonly entries: number;
  /** By model and by hour of the store's clock. */
  readonly spend: readonly SpendRow[];
  readonly reached: readonly Reached[];
  readonly trial: Trial;
  /** The signed checkpoint over all entries. The journal was read again after it was signed, and was intact. */
  readonly seal: Checkpoint;
  /** Wall time of all these answers. */
  readonly seconds: number;
}

/** The cap that is tried on the journal: 40 % of the run's, $4 of the default $10. */
export function trialCap(run: MicroCents): MicroCents {
  return microCents((run * 2n) / 5n);
}

/**
 * Asks the journal of a pass that has ended.
 *
 * @param cap - the run's cap.
 * @throws AuditFailure if the journal is not what was sealed a moment before.
 */
export async function journalFacts(ground: Ground, trace: Trace, cap: MicroCents): Promise<JournalFacts> {
  const started = performance.now();
  return ground.together(async () => {
    const reading = new Reading();
    const tried = trialCap(cap);
    const scope = runScope(RUN_ID);
    const entries = journalEntries(ground.store, { limit: PAGE });
    const { refused, scopes } = await replay(reading.of(entries), { caps: { [scope]: tried } });
    return {
      entries: reading.entries,
      spend: await spendOf(ground.store, reading),
      reached: reading.reached(trace),
      trial: {
        cap: tried,
        refused: refused.length,
        first: firstOf(trace, refused),
        spent: scopes.find((sum) => sum.scope === scope)?.spent ?? microCents(0n),
      },
      seal: await sealed(ground.store),
      seconds: (performance.now() - started) / 1000,
    };
  });
}

/** Notes what is asked of the entries while another reader uses them, so that the journal is read once for both. */
class Reading {
  readonly #scope = runScope(RUN_ID);
  readonly #crossed = new Map<string, { times: number; entry: JournalEntry; committed: MicroCents }>();
  entries = 0;
  from = Infinity;
  to = -Infinity;

  async *of(entries: AsyncIterable<JournalEntry>): AsyncGenerator<JournalEntry, void, undefined> {
    for await (const entry of entries) {
      this.entries++;
      this.from = Math.min(this.from, entry.at);
      this.to = Math.max(this.to, entry.at);
      for (const { scope, threshold, committed } of crossings(entry, THRESHOLDS)) {
        if (scope !== this.#scope) continue;
        const crossed = this.#crossed.get(String(threshold)) ?? { times: 0, entry, committed };
        crossed.times++;
        this.#crossed.set(String(threshold), crossed);
      }
      yield entry;
    }
  }

  reached(trace: Trace): readonly Reached[] {
    return THRESHOLDS.map((threshold) => {
      const crossed = this.#crossed.get(threshold);
      if (crossed === undefined) return { threshold, times: 0, first: null };
      const { times, entry, committed } = crossed;
      const cause = causeOf(trace, { holdId: entry.opened?.holdId, jobId: entry.jobId });
      return { threshold, times, first: { ...cause, committed } };
    });
  }
}

async function spendOf(store: Store, { entries, from, to }: Reading): Promise<readonly SpendRow[]> {
  if (entries === 0) return [];
  // `to` itself is not in the answer.
  const span: Record<"from" | "to", EpochSeconds> = { from: epochSeconds(from), to: epochSeconds(to + 1) };
  return store.spend({ ...span, by: ["tag:model", "hour"] });
}

function firstOf(trace: Trace, [first]: readonly RefusedHold[]): Trial["first"] {
  return first ? { ...causeOf(trace, first), amount: first.amount } : null;
}

/** The call of a hold: each hold of the pass is that of a job. */
function causeOf(
  trace: Trace,
  { holdId, jobId }: { readonly holdId: string | undefined; readonly jobId: string | null },
): Cause {
  const call = trace.calls.find((each) => callId(each) === jobId);
  if (call && holdId !== undefined) return { holdId, call };
  throw new Error(`the journal has a hold ${holdId} of ${jobId}, which is no call of the trace`);
}

function inLargePages(store: Store): Pick<Store, "journal"> {
  return { journal: (filter) => store.journal({ ...filter, limit: PAGE }) };
}

/** Seals the journal with a new key, keeps the note, and reads the journal again to verify it against the note. */
async function sealed(store: Store): Promise<Checkpoint> {
  const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
  const verifier = await verifierKey(ORIGIN, key.publicKey);
  const source = inLargePages(store);
  const made = await checkpoint(source, { origin: ORIGIN, key });
  // Without an earlier checkpoint there is nothing that the journal can differ from.
  if (made.kind !== "sealed") throw new Error(`the journal was not sealed: ${made.kind}`);
  const kept = await openCheckpoint(made.checkpoint.note, verifier);
  const { kind } = await verify(source, [kept]);
  if (kind === "intact") return kept;
  throw new AuditFailure(`the journal is not what was sealed: ${kind}`);
}

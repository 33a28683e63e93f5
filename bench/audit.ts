/**
 * `npm run bench:audit` verifies a journal of 1e6 entries against its checkpoints, whose lines have about 300 bytes, and prints
 * the seconds: with checkpoints alone, and with kept leaf hashes. Beside it: the hashes of this tree by node:crypto.
 *
 * `-- --entries 100000` sets another number.
 */
import { createHash } from "node:crypto";
import { parseArgs } from "node:util";
import { epochSeconds, microCents, usd } from "dispatch-kit";
import {
  archivedLine,
  type Checkpoint,
  checkpoint,
  type JournalSource,
  leafHashes,
  verify,
  type VerifyOptions,
} from "dispatch-kit/audit";
import type { JournalEntry } from "../src/dispatch/journal.ts";
import { machine, machineText } from "./machine.ts";

const { values } = parseArgs({ options: { entries: { type: "string", default: "1000000" } } });
const entries = Number(values.entries);

const amount = usd("0.0125");

/** Made as it is read: what a store takes to read its rows is not in the figures. */
function entry(place: number): JournalEntry {
  const committed = BigInt(place) * amount;
  const spent = { before: microCents(committed), after: microCents(committed + amount) };
  return {
    place,
    at: epochSeconds(1_795_392_000 + place / 8),
    kind: "settled",
    jobId: null,
    attempt: null,
    state: null,
    closed: { holdId: `call-${place}`, held: amount, booked: amount, state: "settled", was: null },
    opened: null,
    scopes: [
      { scope: "month:2026-11", cap: usd("5000"), ...spent },
      { scope: "user:u-7:day:2026-11-23", cap: usd("50"), ...spent },
    ],
    lane: null,
    backend: null,
    until: null,
    digest: null,
    tags: { user: "u-7" },
    by: null,
    decision: null,
  };
}

const store: JournalSource = {
  journal({ after = 0, limit = 100 } = {}) {
    const count = Math.min(limit, entries - after);
    const page = Array.from({ length: count }, (_, index) => entry(after + index + 1));
    const cursor = after + count;
    return Promise.resolve({ entries: page, cursor, more: cursor < entries, heldBackSince: null });
  },
};

/** Runs something, and prints its seconds: those of this thread on the processor, and those that have passed. */
async function timed(name: string, run: () => unknown): Promise<void> {
  const start = performance.now();
  const before = process.threadCpuUsage();
  await run();
  const { user, system } = process.threadCpuUsage(before);
  const passed = ((performance.now() - start) / 1000).toFixed(1);
  console.log(`${name.padEnd(24)}${((user + system) / 1e6).toFixed(1).padStart(6)}${passed.padStart(9)}`);
}

/** Verifies, and fails if that finds anything. */
async function verified(options: VerifyOptions): Promise<void> {
  const { kind } = await verify(store, checkpoints, options);
  if (kind !== "intact") throw new Error(`the log is ${kind}`);
}

/** As many hashes of the same lengths as the tree has, by node:crypto. */
function byNode(): void {
  const leaf = Buffer.from(`\0${archivedLine(entry(1))}`);
  const node = Buffer.alloc(65, 1);
  for (let index = 0; index < entries; index++) {
    createHash("sha256").update(leaf).digest();
    createHash("sha256").update(node).digest();
  }
}

console.log(machineText(machine([])));
console.log(`${entries} entries, a line has ${archivedLine(entry(entries)).length} bytes`);

const key = await crypto.subtle.generateKey("Ed25519", false, ["sign", "verify"]);
const checkpoints: Checkpoint[] = [];
const leaves: string[] = [];
console.log("\nseconds                 thread   passed");
await timed("checkpoint", async () => {
  const sealed = await checkpoint(store, { origin: "example.com/bench", key });
  if (sealed.kind === "sealed") checkpoints.push(sealed.checkpoint);
});
await timed("leafHashes", async () => {
  for await (const leaf of leafHashes(store)) leaves.push(leaf);
});
await timed("verify (aim: 30 s)", () => verified({}));
await timed("verify with leaves", () => verified({ leaves }));
await timed("making the entries", async () => {
  for (let after = 0, more = true; more;)
    ({ cursor: after, more } = await store.journal({ after, limit: 500 }));
});
await timed("node:crypto's hashes", byNode);

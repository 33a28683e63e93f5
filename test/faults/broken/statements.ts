import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import type { Breaking } from "./broken.ts";
import type { Raw } from "./raw.ts";

/** A text in a function, and what stands there instead. */
type Change = readonly [from: RegExp, to: string];

/** Migrates, and then changes the functions of the schema that contain a text; each change must find one. */
function rewriting(changes: readonly Change[], names = /./): Breaking["methods"] {
  return (store: DispatchStore, raw: Raw) => ({
    async migrate() {
      await store.migrate();
      for (const [from, to] of changes) {
        const functions = await raw.run(
          `SELECT proname, pg_get_functiondef(oid) AS text FROM pg_proc
            WHERE '"' || pronamespace::regnamespace::text || '".' = $1`,
          raw.prefix,
        );
        const changed = functions
          .filter(({ proname }) => names.test(String(proname)))
          .map(({ text }) => String(text))
          .filter((text) => from.test(text));
        if (changed.length === 0) throw new Error(`no function has ${String(from)} to be broken`);
        for (const text of changed) await raw.run(text.replaceAll(new RegExp(from, "g"), to));
      }
    },
  });
}

/** Mistakes in the statements themselves. */
export const statements: Readonly<Record<string, Breaking>> = {
  "counters-unlocked": {
    on: "postgres",
    wrong: "reads the counters without locking them",
    methods: rewriting([[/(ORDER BY \w+\.scope) FOR UPDATE/, "$1"]]),
  },
  "claim-unlocked": {
    on: "postgres",
    wrong: "chooses a job to claim without locking it",
    methods: rewriting(
      [
        [/FOR UPDATE SKIP LOCKED/, ""],
        // Else the second of two leases of a job is refused, and its claim looks for another job.
        [
          /(item\."?by"? FROM running AS r)/,
          "$1 ON CONFLICT (job_id) DO UPDATE SET leased_at = excluded.leased_at",
        ],
      ],
      /^claim/,
    ),
  },
  "commit-not-flushed": {
    on: "postgres",
    wrong: "answers before what it has committed is in the log",
    methods: rewriting([[/'synchronous_commit', 'on'/, "'synchronous_commit', 'off'"]]),
  },
};

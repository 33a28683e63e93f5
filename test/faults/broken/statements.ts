import type { DispatchStore } from "../../../src/dispatch/contract.ts";
import type { Breaking } from "./broken.ts";
import type { Raw } from "./raw.ts";

/** Migrates, and then changes the functions of the schema that contain a text. */
function rewriting(from: RegExp, to: string, names = /./): Breaking["methods"] {
  return (store: DispatchStore, raw: Raw) => ({
    async migrate() {
      await store.migrate();
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
    },
  });
}

/** Mistakes in the statements themselves. */
export const statements: Readonly<Record<string, Breaking>> = {
  "counters-unlocked": {
    on: "postgres",
    wrong: "reads the counters without locking them",
    methods: rewriting(/(ORDER BY \w+\.scope) FOR UPDATE/, "$1"),
  },
  "claim-unlocked": {
    on: "postgres",
    wrong: "chooses a job to claim without locking it",
    methods: rewriting(/FOR UPDATE SKIP LOCKED/, "", /^claim/),
  },
  "commit-not-flushed": {
    on: "postgres",
    wrong: "answers before what it has committed is in the log",
    methods: rewriting(/'synchronous_commit', 'on'/, "'synchronous_commit', 'off'"),
  },
};

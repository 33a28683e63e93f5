import { join } from "node:path";
import { connect, type Place } from "./database.ts";
import type { Journal } from "./journal.ts";
import type { Crash } from "./agendas.ts";
import type { Plan, StoreName } from "./plan.ts";

/** Where seeds are played: a server that lasts for many of them, or nothing but a folder. */
export interface Stage {
  readonly store: StoreName;
  /** A new, empty place for a seed, and the way to it that its faults are on. */
  open(
    plan: Plan,
    folder: string,
    broken: string | null,
    journal: Journal,
  ): Promise<{ readonly place: Place; readonly through: string }>;
  crash(how: Crash["how"], place: Place): Promise<void>;
  /** Waits until nothing of a seed's dead processes is still being executed. */
  quiet(place: Place): Promise<void>;
  close(place: Place): Promise<void>;
  stop(): Promise<void>;
}

const nothing = (): Promise<void> => Promise.resolve();

/** One file a seed; each second one with a write-ahead log. */
export function sqliteStage(): Stage {
  return {
    store: "sqlite",
    open: (plan, folder, broken) => {
      const at = join(folder, "store.db");
      const database = connect(at);
      database.exec(`PRAGMA journal_mode = ${plan.seed % 2 === 0 ? "WAL" : "DELETE"}`);
      database.close();
      return Promise.resolve({ place: { store: "sqlite", at, schema: "kit", broken }, through: at });
    },
    crash: nothing,
    quiet: nothing,
    close: nothing,
    stop: nothing,
  };
}

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { DispatchError, type DispatchStore } from "../../../src/index.ts";
import type { MakeStoreOptions } from "../../../src/conformance/index.ts";
import type { Driver } from "./drivers.ts";
import type { Told } from "./sqlite-process.ts";
import { decode, decodeError, encode, type SentError } from "./wire.ts";

const METHODS = [
  ...(["hold", "settle", "release", "extend", "expire", "usage", "getHold", "pinCap"] as const),
  ...(["submit", "submitMany", "approve", "reject", "cancel", "claim", "claimMany", "complete"] as const),
  ...([
    "completeMany",
    "fail",
    "renew",
    "recoverStale",
    "job",
    "jobs",
    "prune",
    "forget",
    "migrate",
  ] as const),
  ...(["correct", "retry", "unpinCap", "raiseCap", "cap", "pauseLane", "resumeLane", "lanes", "id"] as const),
  ...(["journal", "scopes", "holds", "attempts", "counts", "spend", "inDoubt", "audit"] as const),
] satisfies readonly (keyof DispatchStore)[];

type Answer =
  { readonly id: number; readonly answer: unknown } | { readonly id: number; readonly error: SentError };

type WithoutId<Message> = Message extends { readonly id: number } ? Omit<Message, "id"> : never;

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Another process, with stores of its own on the same files. */
export class Remote {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, Waiting>();
  readonly #ended: Promise<unknown>;
  #made = 0;

  constructor(driver: Driver) {
    const file = fileURLToPath(new URL("sqlite-process.ts", import.meta.url));
    this.#child = spawn(process.execPath, [file, driver], {
      stdio: ["pipe", "pipe", "inherit"],
      // Many are started: Node then compiles the modules once.
      env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), "dispatch-kit-compiled") },
    });
    this.#ended = once(this.#child, "exit").then(() => {
      // As with any connection that is lost: its calls may have been committed.
      const lost = new DispatchError("outcome_unknown", "the other process has ended");
      for (const { reject } of this.#waiting.values()) reject(lost);
    });
    if (!this.#child.stdout) throw new Error("the other process has no output");
    createInterface({ input: this.#child.stdout }).on("line", (line) => {
      const told = JSON.parse(line) as Answer;
      const waiting = this.#waiting.get(told.id);
      this.#waiting.delete(told.id);
      if ("error" in told) waiting?.reject(decodeError(told.error));
      else waiting?.resolve(decode(told.answer));
    });
    // It may be gone when it is told something; its exit says so.
    this.#child.stdin?.on("error", () => undefined);
  }

  /** A store of that process. @param cut - kills the process at the next commit. */
  async open(
    file: string,
    { clock }: Pick<MakeStoreOptions, "clock">,
    cut: "before" | "after" | null = null,
  ): Promise<{ readonly store: DispatchStore; readonly close: () => Promise<unknown> }> {
    const number = ++this.#made;
    await this.#tell({ open: number, file, cut });
    const methods = METHODS.map((method) => {
      const call = async (...args: readonly unknown[]): Promise<unknown> => {
        const answer = await this.#tell({ call: number, method, args: encode(args), now: clock() });
        return answer;
      };
      return [method, call] as const;
    });
    // They are all there, and answer as those of the other process do.
    const store = Object.fromEntries(methods) as unknown as DispatchStore;
    return { store, close: () => this.#tell({ close: number }) };
  }

  /** Ends the process, and waits for its end. */
  async end(): Promise<void> {
    this.#child.stdin?.end();
    await this.#ended;
  }

  #tell(message: WithoutId<Told>): Promise<unknown> {
    const id = ++this.#made;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.stdin?.write(`${JSON.stringify({ id, ...message })}\n`);
    });
  }
}

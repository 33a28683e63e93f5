import { setTimeout as wait } from "node:timers/promises";
import type { Journal } from "./journal.ts";
import type { Fault, Point } from "./agendas.ts";

/** What a process does to itself on its way, as its plan says. */
export class Points {
  readonly #faults: readonly Fault[];
  readonly #journal: Journal;
  #next: number;
  #passed = new Map<Point, number>();
  /** How often it was stopped. */
  stops = 0;

  constructor(faults: readonly Fault[], next: number, journal: Journal) {
    this.#faults = faults;
    this.#journal = journal;
    this.#next = next;
    this.#setTimer();
  }

  pass(point: Point): void {
    const passed = (this.#passed.get(point) ?? 0) + 1;
    this.#passed.set(point, passed);
    const fault = this.#faults[this.#next];
    if (fault?.at === point && passed >= fault.nth) this.#suffer(fault);
  }

  /** While a call is on its way: anything from not sent at all to answered and not read. */
  onTheWay(): void {
    const turns = (this.#passed.get("sent") ?? 0) % 4;
    void wait(turns).then(() => {
      this.pass("sent");
    });
  }

  #suffer({ act }: Fault): void {
    this.#journal.write({ did: "fault", index: this.#next, act });
    this.#next++;
    this.stops++;
    this.#passed = new Map();
    // Nothing of this process runs after the one, and nothing until someone continues it after the other.
    process.kill(process.pid, act === "kill" ? "SIGKILL" : "SIGSTOP");
    this.#journal.write({ did: "continued" });
    this.#setTimer();
  }

  #setTimer(): void {
    const fault = this.#faults[this.#next];
    if (fault?.at !== "time") return;
    void wait(fault.nth, undefined, { ref: false }).then(() => {
      if (this.#faults[this.#next] === fault) this.#suffer(fault);
    });
  }
}

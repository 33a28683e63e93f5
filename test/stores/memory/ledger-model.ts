import { START } from "./support.ts";

/** A scope in a request, the cap that it brings, and when its time ends. */
export interface Cap {
  readonly scope: string;
  readonly cap: bigint | null;
  readonly until: number | null;
}

export interface Row {
  readonly id: string;
  readonly asked: bigint;
  steps: bigint[];
  caps: readonly Cap[];
  state: "open" | "settled" | "released" | "charged";
  /** What it was before it was settled or corrected. */
  from: "open" | "released" | "charged";
  booked: bigint;
  /** What was settled, once; null if nothing was. */
  settled: bigint | null;
  /** A job's hold has none. */
  readonly expiresAt: number | null;
  closedAt: number | null;
  pruned: boolean;
}

export interface Pin {
  readonly cap: bigint;
  readonly raise: { readonly to: bigint; readonly until: number } | null;
}

/** Answers as data; an error is its code, or `RangeError`. */
export type Answer = Readonly<Record<string, unknown>>;

/** A change that a person decides, under an id that may have been used before. */
export interface Decided {
  readonly id: string;
  readonly body: string;
  /** The hold or the job that it is about. */
  readonly subject: string | null;
}

export const sum = (amounts: readonly bigint[]): bigint =>
  amounts.reduce((total, amount) => total + amount, 0n);

/** The ledger as the specification puts it: every sum is taken over the holds, and no counter is kept. */
export class LedgerModel {
  readonly holds = new Map<string, Row>();
  /** What is forgotten is still booked. */
  readonly forgotten: Row[] = [];
  readonly pins = new Map<string, Pin>();
  readonly decisions = new Map<string, Decided & { readonly answer: Answer }>();
  now = START;

  aside(row: Row): bigint {
    return row.asked + sum(row.steps);
  }

  reserved(scope: string): bigint {
    return sum(this.#in(scope).map((row) => (row.state === "open" ? this.aside(row) : 0n)));
  }

  spent(scope: string): bigint {
    return sum(this.#in(scope).map(({ booked }) => booked));
  }

  committed(scope: string): bigint {
    return this.reserved(scope) + this.spent(scope);
  }

  /** The cap that counts in a scope now: a pinned one with its raise goes before that of a request. */
  inForce(scope: string, asked: bigint | null): bigint | null {
    const pin = this.pins.get(scope);
    return pin ? this.cap(pin).cap : asked;
  }

  cap({ cap, raise }: Pin): { pinned: bigint; cap: bigint; until: number | null } {
    const raised = raise !== null && this.now < raise.until ? raise : null;
    return { pinned: cap, cap: raised && raised.to > cap ? raised.to : cap, until: raised?.until ?? null };
  }

  hold(id: string, asked: bigint, caps: readonly Cap[], ttl: number): Answer {
    const names = (of: readonly Cap[]): string =>
      of
        .map(({ scope }) => scope)
        .sort()
        .join();
    if (new Set(caps.map(({ scope }) => scope)).size !== caps.length || caps.length === 0) {
      return { error: "RangeError" };
    }
    const known = this.holds.get(id);
    if (known) {
      const same = known.asked === asked && names(known.caps) === names(caps);
      return same ? { kind: "exists", state: known.state } : { error: "hold_conflict" };
    }
    const error = this.capError(caps);
    if (error) return error;
    const lacking = this.place(id, asked, caps, this.now + ttl);
    return lacking.length > 0 ? { kind: "refused", lacking } : { kind: "held" };
  }

  /** The error of a request whose caps are not those of the pins; null if there is none. */
  capError(caps: readonly Cap[]): Answer | null {
    for (const { scope, cap } of caps) {
      const pin = this.pins.get(scope);
      if (pin && cap !== null && pin.cap !== cap) return { error: "cap_conflict" };
      if (!pin && cap === null) return { error: "cap_unknown" };
    }
    return null;
  }

  /** Sets money aside if there is room. @returns the scopes that lack some. */
  place(id: string, asked: bigint, caps: readonly Cap[], expiresAt: number | null): readonly unknown[] {
    const lacking = this.#lacking(asked, caps, true);
    if (lacking.length > 0) return lacking;
    const row = { id, asked, steps: [], caps, booked: 0n, settled: null, expiresAt };
    this.holds.set(id, { ...row, state: "open", from: "open", closedAt: null, pruned: false });
    return [];
  }

  settle(id: string, actual: bigint): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    if (row.state === "settled" && row.settled !== actual) return { kind: "conflict", booked: row.booked };
    if (row.state !== "settled") {
      row.settled = actual;
      this.#book(row, actual);
    }
    return {
      kind: "settled",
      booked: actual,
      overrun: this.#overrun(row, actual),
      corrected: row.from !== "open",
    };
  }

  correct(id: string, actual: bigint): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    if (row.state === "open") return { kind: "open" };
    const from = row.booked;
    this.#book(row, actual);
    return { kind: "corrected", from, to: actual, overrun: this.#overrun(row, actual) };
  }

  release(id: string): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    if (row.state === "settled" || row.state === "charged") return { kind: "closed", as: row.state };
    if (row.state === "open") row.closedAt = this.now;
    row.state = "released";
    return { kind: "released" };
  }

  extend(id: string, by: bigint, step: number): Answer {
    const row = this.holds.get(id);
    if (!row) return { error: "hold_unknown" };
    const made = row.steps[step - 1];
    if (made !== undefined && made !== by) return { error: "hold_conflict" };
    if (made !== undefined || row.state !== "open") return { kind: "exists", state: row.state };
    if (step !== row.steps.length + 1) return { error: "RangeError" };
    const lacking = this.#lacking(by, row.caps, false);
    if (lacking.length > 0) return { kind: "refused", lacking };
    row.steps.push(by);
    return { kind: "held" };
  }

  pin(scope: string, cap: bigint): Answer {
    this.pins.set(scope, { cap, raise: null });
    return {};
  }

  unpin(scope: string): Answer {
    this.pins.delete(scope);
    return {};
  }

  raise(scope: string, to: bigint, until: number): Answer {
    const pin = this.pins.get(scope);
    if (!pin) return { error: "cap_unknown" };
    if (to < pin.cap) return { error: "cap_conflict" };
    this.pins.set(scope, { cap: pin.cap, raise: { to, until } });
    return {};
  }

  /** What a person decides is carried out once for an id, unless nothing came of it. */
  decide(decided: Decided, change: () => Answer): Answer {
    const known = this.decisions.get(decided.id);
    if (known) return known.body === decided.body ? known.answer : { error: "decision_conflict" };
    const answer = change();
    const open =
      answer["error"] !== undefined || ["open", "refused", "expired"].includes(String(answer["kind"]));
    if (!open) this.decisions.set(decided.id, { ...decided, answer });
    return answer;
  }

  /** Open holds whose time is over, with what they will be charged. */
  due(): readonly { readonly holdId: string; readonly amount: bigint }[] {
    return [...this.holds]
      .filter(([, row]) => row.state === "open" && row.expiresAt !== null && row.expiresAt <= this.now)
      .map(([holdId, row]) => ({ holdId, amount: this.aside(row) }));
  }

  row(id: string): Row {
    const row = this.holds.get(id);
    if (!row) throw new Error(`${id} was never held`);
    return row;
  }

  charge(id: string): void {
    const row = this.row(id);
    row.booked = this.aside(row);
    row.state = "charged";
    row.closedAt = this.now;
  }

  /** Callers' holds that closed before an instant. */
  closedBefore(before: number): readonly Row[] {
    return [...this.holds.values()].filter(
      ({ closedAt, expiresAt }) => closedAt !== null && closedAt < before && expiresAt !== null,
    );
  }

  prune(row: Row): void {
    row.pruned = true;
    row.caps = row.caps.map(({ scope }) => ({ scope, cap: null, until: null }));
  }

  forget(row: Row): void {
    this.holds.delete(row.id);
    this.forgotten.push(row);
    this.forgetDecisions(row.id);
  }

  forgetDecisions(about: string): void {
    for (const { id, subject } of [...this.decisions.values()]) {
      if (subject === about) this.decisions.delete(id);
    }
  }

  #book(row: Row, actual: bigint): void {
    if (row.state !== "settled") row.from = row.state;
    row.state = "settled";
    row.booked = actual;
    row.closedAt = this.now;
  }

  #overrun(row: Row, actual: bigint): bigint {
    const aside = row.from === "released" ? 0n : this.aside(row);
    return actual > aside ? actual - aside : 0n;
  }

  #in(scope: string): readonly Row[] {
    const all = [...this.holds.values(), ...this.forgotten];
    return all.filter(({ caps }) => caps.some((each) => each.scope === scope));
  }

  #lacking(amount: bigint, caps: readonly Cap[], isNew: boolean): readonly unknown[] {
    return caps.flatMap(({ scope, cap, until }) => {
      const lacks = { scope, by: amount, ...(until === null ? {} : { until }) };
      if (isNew && until !== null && this.now >= until) return [{ ...lacks, over: true }];
      const most = this.inForce(scope, cap);
      if (most === null) return [{ ...lacks, unknown: true }];
      const by = this.committed(scope) + amount - most;
      return amount > 0n && by > 0n ? [{ ...lacks, by }] : [];
    });
  }
}

import { type AuditedPrices, ExactPrices, microCentsOf } from "./audit-cost.ts";

/** The fields of a call that the audit needs. */
export interface AuditedCall {
  readonly line: number;
  readonly timestamp: string;
  readonly contextTokens: number;
  readonly generatedTokens: number;
}

/** The scopes of a call. */
export type Window = "run" | "month";

/** What a ledger says about a scope, in micro-cents. */
export interface Reading {
  readonly reserved: bigint;
  readonly spent: bigint;
}

/** The sums differ from the ledger, or a cap was exceeded. The message names the call. */
export class AuditFailure extends Error {
  override readonly name = "AuditFailure";
}

interface Sums {
  readonly name: string;
  readonly cap: bigint;
  held: bigint;
  spent: bigint;
}

/**
 * Computes the costs and sums of a pass without the library and its ledger.
 *
 * It checks the sums against the caps after each event, and against the ledger, and throws at the first difference.
 */
export class Audit {
  readonly #pass: string;
  readonly #prices: ExactPrices;
  readonly #maxOutputTokens: number;
  readonly #run: Sums;
  readonly #months = new Map<string, Sums>();
  readonly #monthCap: bigint;
  /** The hold of each call in flight. */
  readonly #open = new Map<number, bigint>();
  #checks = 0;
  #trueCost = 0n;
  #heldPeak = 0n;
  #committedPeak = 0n;
  #inFlight = 0;
  #inFlightPeak = 0;

  /** @param options - caps as decimal dollars, prices as listed. */
  constructor(options: {
    readonly pass: string;
    readonly runCapUsd: string;
    readonly monthCapUsd: string;
    readonly prices: readonly AuditedPrices[];
    readonly maxOutputTokens: number;
  }) {
    this.#pass = options.pass;
    this.#prices = new ExactPrices(options.prices);
    this.#maxOutputTokens = options.maxOutputTokens;
    this.#run = { name: "the run", cap: microCentsOf(options.runCapUsd), held: 0n, spent: 0n };
    this.#monthCap = microCentsOf(options.monthCapUsd);
  }

  /** A call was admitted, and `amount` was set aside for it. */
  admitted(call: AuditedCall, amount: bigint): void {
    const most = this.#most(call);
    this.#expect(call, amount === most, `${amount} is held, but its upper bound is ${most}`);
    this.#expect(call, !this.#open.has(call.line), "it was admitted twice");
    this.#open.set(call.line, most);
    for (const sums of this.#sumsOf(call)) sums.held += most;
    this.#inFlight++;
    this.#checkCaps(call);
  }

  /**
   * A call was refused, so a scope must have had no room.
   *
   * @param told - the scopes that the ledger names; `null` if the refusal was decided in an earlier, killed process.
   * @returns the scopes without room.
   */
  refused(call: AuditedCall, told: readonly Window[] | null): readonly Window[] {
    const most = this.#most(call);
    const [run, month] = this.#sumsOf(call).map(({ held, spent, cap }) => held + spent + most > cap);
    const full: readonly Window[] = [...(run ? ["run" as const] : []), ...(month ? ["month" as const] : [])];
    this.#expect(call, full.length > 0, `it was refused, but there was room for its ${most}`);
    const same = told === null || told.join() === full.join();
    this.#expect(call, same, `the ledger refuses by ${told?.join()}, but the sums by ${full.join()}`);
    return full;
  }

  /** The worker of a call was lost, and its hold was charged in full. The provider bills at most the whole call. */
  lost(call: AuditedCall, booked: bigint): void {
    const held = this.#open.get(call.line) ?? -1n;
    this.#expect(call, booked === held, `${booked} is charged for a lost attempt, but ${held} was held`);
    this.#open.delete(call.line);
    this.#inFlight--;
    this.#trueCost += this.#prices.trueCost(call.contextTokens, call.generatedTokens);
    for (const sums of this.#sumsOf(call)) {
      sums.held -= held;
      sums.spent += held;
    }
    this.#checkCaps(call);
  }

  /** A worker that counted as lost has reported the actual cost of its attempt. */
  corrected(call: AuditedCall, booked: bigint): void {
    const actual = this.#prices.trueCost(call.contextTokens, call.generatedTokens);
    this.#expect(call, booked === actual, `${booked} is booked for a lost attempt, but it cost ${actual}`);
    for (const sums of this.#sumsOf(call)) sums.spent -= this.#most(call) - actual;
    this.#checkCaps(call);
  }

  /** A call was answered. `booked` is the amount that the guard settled; `null` if it did not settle. */
  finished(call: AuditedCall, booked: bigint | null): void {
    const actual = this.#prices.trueCost(call.contextTokens, call.generatedTokens);
    const held = this.#open.get(call.line) ?? -1n;
    this.#expect(call, actual <= held, `it cost ${actual}, but ${held} was held`);
    this.#inFlight--;
    this.#trueCost += actual;
    if (booked !== null) {
      this.#expect(call, booked === actual, `${booked} is booked, but it cost ${actual}`);
      this.#open.delete(call.line);
      for (const sums of this.#sumsOf(call)) {
        sums.held -= held;
        sums.spent += actual;
      }
    }
    this.#checkCaps(call);
  }

  /** Compares the ledger with the sums, after an event. */
  compare(call: AuditedCall, readings: { readonly run: Reading; readonly month: Reading }): void {
    const [run, month] = this.#sumsOf(call);
    for (const [sums, { reserved, spent }] of [
      [run, readings.run],
      [month, readings.month],
    ] as const) {
      const told = `the ledger has ${reserved} held and ${spent} spent in ${sums.name}`;
      const kept = `the sums say ${sums.held} and ${sums.spent}`;
      this.#expect(call, reserved === sums.held && spent === sums.spent, `${told}; ${kept}`);
    }
  }

  /** The sums so far, in micro-cents. An answered call is no longer in flight, even if its hold is still open. */
  now(): { held: bigint; spent: bigint; trueCost: bigint; inFlight: number } {
    const { held, spent } = this.#run;
    return { held, spent, trueCost: this.#trueCost, inFlight: this.#inFlight };
  }

  /** The highest values of the sums, and the number of checks. */
  figures(): { heldPeak: bigint; committedPeak: bigint; inFlightPeak: number; checks: number } {
    return {
      heldPeak: this.#heldPeak,
      committedPeak: this.#committedPeak,
      inFlightPeak: this.#inFlightPeak,
      checks: this.#checks,
    };
  }

  #most(call: AuditedCall): bigint {
    return this.#prices.mostCost(call.contextTokens, this.#maxOutputTokens);
  }

  /** The sums of the run, and of the month in which the call came. */
  #sumsOf(call: AuditedCall): readonly [Sums, Sums] {
    const name = call.timestamp.slice(0, "2023-11".length);
    const month = this.#months.get(name) ?? { name, cap: this.#monthCap, held: 0n, spent: 0n };
    this.#months.set(name, month);
    return [this.#run, month];
  }

  #checkCaps(call: AuditedCall): void {
    for (const { name, cap, held, spent } of this.#sumsOf(call)) {
      const over = `${held + spent} is committed in ${name}, over its cap of ${cap}`;
      this.#expect(call, held + spent <= cap, over);
    }
    const { held, spent } = this.#run;
    if (held > this.#heldPeak) this.#heldPeak = held;
    if (held + spent > this.#committedPeak) this.#committedPeak = held + spent;
    if (this.#inFlight > this.#inFlightPeak) this.#inFlightPeak = this.#inFlight;
  }

  #expect(call: AuditedCall, holds: boolean, otherwise: string): void {
    this.#checks++;
    if (holds) return;
    throw new AuditFailure(
      `the check failed in the ${this.#pass} pass at line ${call.line} (${call.timestamp}): ${otherwise} (micro-cents)`,
    );
  }
}

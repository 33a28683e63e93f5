import { type AdmitsCase, DECIMALS, OURS, type Outcome, OUTCOMES, RAW } from "./admits.ts";
import type { Bound } from "./bounds.ts";
import { type Case, nsOf, ratio, type Timing } from "./measure.ts";
import { type Flavour, FLAVOURS, type RoutingCase } from "./routing.ts";
import { LEDGER, WITH_HOLD } from "./with-hold.ts";

/** The results of a run. */
export interface Measured {
  readonly admits: readonly Timing<AdmitsCase>[];
  readonly routing: readonly Timing<RoutingCase>[];
  readonly money: readonly Timing[];
  readonly calls: readonly Timing[];
  /** How many calls each guard admitted; it should have admitted five. */
  readonly letThrough: Readonly<Record<string, number>>;
  /** Prices, bounds and costs of a call. */
  readonly prices: readonly Timing[];
  /** The time of the bound and of real tokenizers, per kB of text. */
  readonly tokens: readonly Timing[];
  /** The ratio of the bound to the real tokens. */
  readonly bounds: readonly Bound[];
}

/** A target of the library, and its figure in this run. */
export interface Target {
  readonly text: string;
  readonly measured: number;
  readonly unit: "x" | "µs";
  readonly ok: boolean;
}

const ADMITTED_TO_RAW = 1.5;
const REFUSED_TO_RAW = 6;
const DECIMAL_TO_ADMITTED = 15;
const PER_BACKEND_GROWTH = 3;
const HUNDRED_BACKENDS_US = 1.5;
const WITH_HOLD_US = 2;

/** Each target with its figure. A missed target is only reported, because machines are noisy. */
export function targetsOf(measured: Measured): readonly Target[] {
  return [
    ...OUTCOMES.map((outcome) => rawTarget(measured, outcome)),
    decimalTarget(measured),
    ...FLAVOURS.flatMap((flavour) => routingTargets(measured, flavour)),
    holdTarget(measured),
    boundTarget(measured),
  ];
}

function rawTarget({ admits }: Measured, outcome: Outcome): Target {
  const limit = outcome === "admitted" ? ADMITTED_TO_RAW : REFUSED_TO_RAW;
  const toRaw = ratio(admission(admits, outcome, OURS), admission(admits, outcome, RAW));
  return most(`admits, ${outcome}: within ${limit}x of the raw inequality`, toRaw, limit, "x");
}

function decimalTarget({ admits }: Measured): Target {
  const ours = admission(admits, "admitted", OURS);
  const times = DECIMALS.map((name) => ({ name, times: ratio(admission(admits, "admitted", name), ours) }));
  const fastest = times.reduce((best, next) => (next.times < best.times ? next : best));
  return {
    text: `admits, admitted: at least ${DECIMAL_TO_ADMITTED}x faster than the fastest library, ${fastest.name}`,
    measured: fastest.times,
    unit: "x",
    ok: fastest.times >= DECIMAL_TO_ADMITTED,
  };
}

function routingTargets({ routing }: Measured, flavour: Flavour): readonly Target[] {
  const lastOf = (backends: number): Timing =>
    found(routing, (of) => of.flavour === flavour && of.fit === "last" && of.backends === backends);
  const hundred = lastOf(100);
  return [
    most(
      `selectBackend, ${flavour}: time per backend with 10,000 within ${PER_BACKEND_GROWTH}x of that with 100`,
      ratio(lastOf(10_000), hundred) / 100,
      PER_BACKEND_GROWTH,
      "x",
    ),
    most(
      `selectBackend, ${flavour}: 100 backends within ${HUNDRED_BACKENDS_US} µs`,
      nsOf(hundred) / 1000,
      HUNDRED_BACKENDS_US,
      "µs",
    ),
  ];
}

/** The time of `withHold` without that of its ledger, per round, because both ran side by side. */
function holdTarget({ calls }: Measured): Target {
  const ledger = found(calls, ({ name }) => name === LEDGER);
  const whole = found(calls, ({ name }) => name === WITH_HOLD);
  const beyond = {
    of: whole.of,
    rounds: whole.rounds.map((ns, round) => ns - (ledger.rounds[round] ?? NaN)),
  };
  const text = `withHold: within ${WITH_HOLD_US} µs a call beyond its ledger`;
  return most(text, nsOf(beyond) / 1000, WITH_HOLD_US, "µs");
}

/** The lowest ratio over all texts, pieces and tokenizers. */
function boundTarget({ bounds }: Measured): Target {
  const least = Math.min(...bounds.map(({ least, whole }) => Math.min(least, whole)));
  return { text: "maxTokensOf: never below a real tokenizer", measured: least, unit: "x", ok: least >= 1 };
}

/** A target that is met at or below a limit. */
function most(text: string, measured: number, limit: number, unit: Target["unit"]): Target {
  return { text, measured, unit, ok: measured <= limit };
}

/** One contestant's timing. */
export function admission(
  timings: readonly Timing<AdmitsCase>[],
  outcome: Outcome,
  name: string,
): Timing<AdmitsCase> {
  return found(timings, (of) => of.outcome === outcome && of.name === name);
}

function found<Of extends Case>(timings: readonly Timing<Of>[], is: (of: Of) => boolean): Timing<Of> {
  const timing = timings.find(({ of }) => is(of));
  if (timing === undefined) throw new Error("a case of the targets was not measured");
  return timing;
}

import { type AdmitsCase, OURS, type Outcome, OUTCOMES, RAW } from "./admits.ts";
import type { Bound } from "./bounds.ts";
import { noise, nsOf, ratio, type Timing } from "./measure.ts";
import { type RoutingCase } from "./routing.ts";
import { table } from "./table.ts";
import { admission, type Measured, type Target } from "./targets.ts";

/** All results, and then the targets. */
export function text(measured: Measured, targets: readonly Target[]): string {
  return [
    ...OUTCOMES.map((outcome) => admitsTable(measured.admits, outcome)),
    routingTable(measured.routing),
    table("money", ["", "ns/call", "noise"], measured.money.map(cells)),
    table("a call under a hold", ["", "ns/call", "noise"], measured.calls.map(cells)),
    table(
      "100 concurrent calls, with room for 5 under the cap",
      ["", "made"],
      Object.entries(measured.letThrough).map(([name, made]) => [name, String(made)]),
    ),
    table("the price and the cost of a call", ["", "ns/call", "noise"], measured.prices.map(cells)),
    table("the tokens of a text", ["", "ns/kB", "noise"], measured.tokens.map(cells)),
    boundsTable(measured.bounds),
    targetsTable(targets),
  ].join("\n");
}

/** The same as data for JSON. */
export function json(measured: Measured, targets: readonly Target[]): object {
  // JSON omits functions, and so a case's loop.
  const plain = (timing: Timing): object => ({
    ...timing.of,
    nsPerCall: nsOf(timing),
    noise: noise(timing),
    rounds: timing.rounds,
  });
  return {
    admits: measured.admits.map(plain),
    routing: measured.routing.map(plain),
    money: measured.money.map(plain),
    calls: measured.calls.map(plain),
    letThrough: measured.letThrough,
    prices: measured.prices.map(plain),
    tokens: measured.tokens.map(plain),
    bounds: measured.bounds,
    targets,
  };
}

function admitsTable(timings: readonly Timing<AdmitsCase>[], outcome: Outcome): string {
  const raw = admission(timings, outcome, RAW);
  const ours = admission(timings, outcome, OURS);
  const rows = timings
    .filter(({ of }) => of.outcome === outcome)
    .map((timing) => [...cells(timing), digits(ratio(timing, raw)), digits(ratio(timing, ours))]);
  return table(`admits, ${outcome}`, ["", "ns/call", "noise", "x raw", "x ours"], rows);
}

function routingTable(timings: readonly Timing<RoutingCase>[]): string {
  const rows = timings.map((timing) => {
    const { backends, fit } = timing.of;
    return [...cells(timing), String(backends), fit === "last" ? digits(nsOf(timing) / backends) : ""];
  });
  return table("selectBackend", ["", "ns/call", "noise", "backends", "ns/backend"], rows);
}

function boundsTable(bounds: readonly Bound[]): string {
  const rows = bounds.map(({ text, tokenizer, pieces, least, median, most, whole }) => {
    return [`${text}, ${tokenizer}`, String(pieces), ...[least, median, most, whole].map(digits)];
  });
  const columns = ["", "pieces", "least", "median", "most", "whole text"];
  return table("maxTokensOf: ratio of the bound to the real tokens", columns, rows);
}

function targetsTable(targets: readonly Target[]): string {
  const rows = targets.map(({ text: target, measured, unit, ok }) => [
    target,
    `${digits(measured)} ${unit}`,
    ok ? "met" : "missed",
  ]);
  return table("targets", ["", "measured", ""], rows);
}

/** A case's name, its nanoseconds per call, and its noise. */
function cells(timing: Timing): string[] {
  return [timing.of.name, digits(nsOf(timing)), `${Math.round(noise(timing) * 100)}%`];
}

/** Three significant digits, or all digits before the point. */
function digits(value: number): string {
  return value.toFixed(value >= 100 ? 0 : value >= 10 ? 1 : 2);
}

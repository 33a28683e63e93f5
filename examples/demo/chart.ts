import { dollarTick, linear, type Scale, timeTick, timeTicks, valueTicks } from "./axis.ts";
import { count, dollars, timeOfDay } from "./format.ts";
import type { Pass } from "./passes.ts";
import { area, element, label, line, type Point } from "./svg.ts";
import type { Slot, Timeline } from "./timeline.ts";

/** Micro-cents as dollars, inexact: only for pixels. */
const inDollars = (amount: bigint): number => Number(amount) / 1e8;

/** The size of a chart on the page, in pixels. Each width has its own drawing, so that text keeps its size. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

const LEFT = 46;
const RIGHT = 10;
const TOP = 28;
const CAPTION_TOP = 14;
/** Below the plot: the strip of arrivals with its caption, then the times. */
const CAPTION = 30;
const STRIP = 42;
const TIMES = 24;

/** Held and spent money and the cap over time; below, the admitted and refused calls. */
export function moneyChart(pass: Pass, cap: bigint, { width, height }: Size): string {
  const { timeline } = pass;
  const bottom = height - TIMES - STRIP - CAPTION;
  const x = timeScale(timeline, width);
  const y = linear(0, inDollars(cap) * 1.1 || 1, bottom, TOP);
  const over = (value: (slot: Slot) => bigint): readonly Point[] => curve(timeline, x, y, value);
  const floor = over(() => 0n);
  const spent = over(({ end }) => end.spent);
  const held = over(({ end }) => end.spent + end.held);
  const capY = y(inDollars(cap));
  const shown = [
    dollarAxis(y, width),
    area(spent, floor, "spent"),
    area(held, spent, "held"),
    line(
      over(({ end }) => end.trueCost),
      "billed",
    ),
    element("line", { class: "cap", x1: LEFT, x2: width - RIGHT, y1: capY, y2: capY }),
    label({ x: LEFT + 6, y: capY - 7 }, "strong", "start", `cap ${dollars(cap)}`),
    billedLabel(pass, x, y),
    strip(pass, x, height - TIMES - STRIP),
    firstRefusal(pass, x, height - TIMES),
    timeAxis(x, height - TIMES + 16, width),
    hovers(pass, x, height - TIMES),
  ];
  return svg({ width, height }, describe(pass, cap), shown);
}

/** Money held at each moment, on its own scale. */
export function heldChart(pass: Pass, { width, height }: Size): string {
  const x = timeScale(pass.timeline, width);
  const y = linear(0, inDollars(pass.heldPeak) * 1.15 || 1, height - TIMES - 6, 8);
  const top = curve(pass.timeline, x, y, ({ heldPeak }) => heldPeak);
  const floor = curve(pass.timeline, x, y, () => 0n);
  const shown = [
    dollarAxis(y, width, 3),
    area(top, floor, "held"),
    line(top, "heldline"),
    timeAxis(x, height - 8, width),
  ];
  return svg({ width, height }, `Held at each moment: at most ${dollars(pass.heldPeak)}.`, shown);
}

function svg({ width, height }: Size, title: string, content: readonly string[]): string {
  const box = { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": title };
  return element("svg", box, ...content);
}

function describe(pass: Pass, cap: bigint): string {
  const { admitted, refused, trueCost, committedPeak } = pass;
  const calls = `${count(admitted)} calls admitted, ${count(refused)} refused`;
  return `${calls}; ${dollars(committedPeak)} of the ${dollars(cap)} cap at most held or spent; ${dollars(trueCost)} billed.`;
}

function timeScale({ from, slotSeconds, slots }: Timeline, width: number): Scale {
  return linear(from, from + slotSeconds * slots.length, LEFT, width - RIGHT);
}

/** A curve that starts at 0, with a point at the end of each slot. */
function curve(
  { from, slotSeconds, slots }: Timeline,
  x: Scale,
  y: Scale,
  value: (slot: Slot) => bigint,
): readonly Point[] {
  const points = slots.map((slot, index) => ({
    x: x(from + (index + 1) * slotSeconds),
    y: y(inDollars(value(slot))),
  }));
  return [{ x: x(from), y: y(0) }, ...points];
}

function dollarAxis(y: Scale, width: number, most = 6): string {
  const ticks = valueTicks(y.to, most);
  const step = ticks[1] ?? y.to;
  return ticks
    .map((value) => {
      const at = y(value);
      const rule = element("line", { class: "grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at });
      return rule + label({ x: LEFT - 8, y: at + 4 }, "tick", "end", dollarTick(value, step));
    })
    .join("");
}

/** A time needs about 75 pixels, with the space around it. */
function timeAxis(x: Scale, y: number, width: number): string {
  const ticks = timeTicks(x.from, x.to, Math.max(2, Math.floor(width / 75)));
  const [first = 0, second = first + 60] = ticks;
  const times = ticks
    .filter((at) => x(at) > LEFT + 14 && x(at) < width - RIGHT - 14)
    .map((at) => label({ x: x(at), y }, "tick", "middle", timeTick(at, second - first)));
  return label({ x: LEFT - 8, y }, "tick", "end", "UTC") + times.join("");
}

/** The label at the end of the line of actual costs. */
function billedLabel(pass: Pass, x: Scale, y: Scale): string {
  const at = { x: x(x.to) - 6, y: y(inDollars(pass.trueCost)) - 9 };
  return label(at, "strong halo", "end", `${dollars(pass.trueCost)} billed`);
}

/** Bars of the calls; refused calls are on top, in another colour. */
function strip(pass: Pass, x: Scale, top: number): string {
  const { slots, from, slotSeconds } = pass.timeline;
  // Three slots per bar: a bar needs two pixels and a gap.
  const bars = Array.from({ length: Math.ceil(slots.length / 3) }, (_, bar) => {
    const group = slots.slice(bar * 3, bar * 3 + 3);
    const sum = (of: (slot: Slot) => number): number => group.reduce((all, slot) => all + of(slot), 0);
    return { at: bar * 3, admitted: sum((slot) => slot.admitted), refused: sum((slot) => slot.refused) };
  });
  const most = Math.max(1, ...bars.map(({ admitted, refused }) => admitted + refused));
  const width = x(from + 3 * slotSeconds) - x(from);
  const y = linear(0, most, top + STRIP, top);
  const bar = (at: number, low: number, high: number): string =>
    high === low
      ? ""
      : `M${x(from + at * slotSeconds).toFixed(1)} ${y(low).toFixed(1)}V${y(high).toFixed(1)}h${(width * 0.72).toFixed(1)}V${y(low).toFixed(1)}Z`;
  const admitted = bars.map((each) => bar(each.at, 0, each.admitted)).join("");
  const refused = bars.map((each) => bar(each.at, each.admitted, each.admitted + each.refused)).join("");
  const caption = { x: LEFT, y: top - 8 };
  return [
    element("path", { class: "admitted", d: admitted || "M0 0" }),
    element("path", { class: "refused", d: refused || "M0 0" }),
    label(caption, "tick", "start", `calls per ${Number((slotSeconds * 3).toPrecision(2))} s`),
    label({ x: LEFT - 8, y: top + 8 }, "tick", "end", count(most)),
  ].join("");
}

/** A line at the first refusal, and its caption in a row above the chart. */
function firstRefusal({ firstRefusalAt }: Pass, x: Scale, bottom: number): string {
  if (firstRefusalAt === null) return "";
  const at = x(firstRefusalAt);
  const isLate = at > (x(x.from) + x(x.to)) / 2;
  const text = `refusals from ${timeOfDay(firstRefusalAt)}`;
  const rule = element("line", { class: "first", x1: at, x2: at, y1: CAPTION_TOP - 10, y2: bottom });
  return (
    rule + label({ x: isLate ? at - 6 : at + 6, y: CAPTION_TOP }, "alarm", isLate ? "end" : "start", text)
  );
}

/** Invisible columns that show under the pointer, each with a tooltip of its values. */
function hovers({ timeline }: Pass, x: Scale, bottom: number): string {
  const { slots, from, slotSeconds } = timeline;
  const each = Math.ceil(slots.length / 60);
  const columns = Array.from({ length: Math.ceil(slots.length / each) }, (_, column) => {
    const group = slots.slice(column * each, (column + 1) * each);
    const end = group.at(-1)?.end;
    if (end === undefined) return "";
    const refused = group.reduce((all, slot) => all + slot.refused, 0);
    const until = from + (column * each + group.length) * slotSeconds;
    const left = x(from + column * each * slotSeconds);
    const text = `${timeOfDay(until)} UTC: ${dollars(end.held)} held, ${dollars(end.spent)} spent, ${dollars(end.trueCost)} billed; ${count(refused)} refused`;
    const box = { class: "hover", x: left, y: TOP, width: x(until) - left, height: bottom - TOP };
    return element("rect", box, element("title", {}, text));
  });
  return columns.join("");
}

import type { WriteStream } from "node:tty";
import { count, counted, dateAndTime, dollars, duration, percent } from "./format.ts";
import type { PassName, PlaceDescription } from "./ground.ts";
import type { Pass } from "./passes.ts";
import type { ListedPrices, Listing } from "./price.ts";
import { type Result, speed } from "./result.ts";
import { LATENCY, MAX_OUTPUT_TOKENS, passedOver, STEP_SECONDS } from "./service.ts";

/** What the two passes are called for people. */
export const TITLES: Readonly<Record<PassName, string>> = {
  naive: "never settled",
  settled: "settled on completion",
};

/** `$0.15 in, $0.60 out per million tokens` */
export function priceText({ listed }: Listing): string {
  const text = ({ above, input, output, thousandCalls }: ListedPrices): string =>
    (above > 0 ? `above ${count(above)} input tokens ` : "") +
    `${price(input)} in, ${price(output)} out per million tokens` +
    (thousandCalls === null ? "" : ` and ${price(thousandCalls)} per thousand calls`);
  return listed.map(text).join("; ");
}

/** A price as it is listed, with two places at least. */
function price(listed: number): string {
  const [whole = "", fraction = ""] = String(listed).split(".");
  return `$${whole}.${fraction.padEnd(2, "0")}`;
}

export function latencyText(): string {
  const { firstTokenSeconds, perTokenSeconds } = LATENCY;
  return `assumed: ${firstTokenSeconds} s to the first token, then ${perTokenSeconds * 1000} ms a token; time is simulated, in steps of ${STEP_SECONDS} s`;
}

/** `SQLite, 1 process` */
export function whereText({ store, processes }: PlaceDescription): string {
  const names = { memory: "in memory", sqlite: "SQLite", postgres: "PostgreSQL" };
  return `${names[store]}, ${processes === 1 ? "1 process" : `${processes} processes`}`;
}

/** The same, with what else is known of it: its name, what became of the processes, what the disk cost. */
export function placeText(place: PlaceDescription, passes: readonly Pass[]): string {
  const { store, name, deaths, commits, commitSeconds } = place;
  const seconds = commitSeconds.toFixed(1);
  const remembered = passes.reduce((sum, pass) => sum + pass.remembered, 0);
  const facts = [
    whereText(place),
    ...(store === "memory" ? [] : [name]),
    ...(store === "postgres" ? ["one submits, the others run the calls of the settled pass"] : []),
    ...(deaths === 0 ? [] : [`${deaths} died at work and ${deaths === 1 ? "was" : "were"} replaced`]),
    ...(commits === 0
      ? []
      : [`${counted(commits, "transaction")}, ${seconds} s until they were on the disk`]),
    ...(remembered === 0 ? [] : [`after a kill, ${counted(remembered, "decision")} read back from it`]),
  ];
  return facts.join("; ");
}

export function routeText(): string {
  const others = passedOver().filter(({ kind }) => kind !== "sdk");
  return `sdk, opted in; ${others.map(({ kind, reason }) => `${kind}: ${reason}`).join("; ")}`;
}

/** The rows of the comparison: what it is, and what each pass has. */
export function comparison({ naive, settled }: Result): readonly (readonly [string, string, string])[] {
  const row = (name: string, of: (pass: Pass) => string): readonly [string, string, string] => [
    name,
    of(naive),
    of(settled),
  ];
  return [
    row("admitted", ({ admitted }) => count(admitted)),
    row("refused", ({ admitted, refused }) =>
      refused === 0 ? "0" : `${count(refused)} (${percent(refused, admitted + refused)})`,
    ),
    row("  by the run's cap", ({ refusedBy }) => count(refusedBy.run)),
    row("  by the month's cap", ({ refusedBy }) => count(refusedBy.month)),
    row("most calls in flight", ({ inFlightPeak }) => count(inFlightPeak)),
    row("held at the peak", ({ heldPeak }) => dollars(heldPeak)),
    row("held and spent at the peak", ({ committedPeak }) => dollars(committedPeak)),
    row("truly spent", ({ trueCost }) => dollars(trueCost)),
    ...(settled.lost === 0
      ? []
      : [
          row(
            "lost with a worker, in full",
            ({ lost, lostCharged }) => `${count(lost)} (${dollars(lostCharged)})`,
          ),
        ]),
    ...(settled.unanswered === 0 ? [] : [row("never answered", ({ unanswered }) => count(unanswered))]),
    row("egress records", ({ egress }) => count(egress)),
    row("cap exceeded", ({ checks }) => `never (${count(checks)} checks)`),
  ];
}

/** The summary for a terminal. */
export function summary(result: Result, page: string): string {
  const { trace, listing, cap, settled } = result;
  const { calls } = trace;
  const length = (calls.at(-1)?.at ?? calls[0].at) - calls[0].at;
  const { decisions, seconds, perSecond } = speed(result);
  const facts = [
    ["trace", `${counted(calls.length, "call")} in ${duration(length)} from ${dateAndTime(calls[0].at)}`],
    ["model", `${listing.model} (${listing.provider}): ${priceText(listing)}`],
    ["", `from ${listing.source}`],
    ["caps", `${dollars(cap.run)} for the run, ${dollars(cap.month)} for the month`],
    ["bound", `the input, and ${count(MAX_OUTPUT_TOKENS)} output tokens: ${dollars(settled.asked)} in all`],
    ["latency", latencyText()],
    ["route", routeText()],
    ["store", placeText(result.place, [result.naive, settled])],
  ] as const;
  const rows = [["", TITLES.naive, TITLES.settled] as const, ...comparison(result)];
  return [
    "",
    ...facts.map(([name, fact]) => `  ${name.padEnd(9)}${fact}`),
    "",
    ...rows.map(
      ([name, ...cells]) => `  ${name.padEnd(28)}${cells.map((cell) => cell.padStart(24)).join("")}`,
    ),
    "",
    `  ${count(decisions)} decisions in ${seconds.toFixed(1)} s, checks included: ${count(perSecond)} a second`,
    `  page: ${page}`,
    "",
    "",
  ].join("\n");
}

/** A line that follows the work on a terminal; a few plain lines anywhere else. */
export function progress(stream: WriteStream): (pass: PassName, done: number, total: number) => void {
  const shown: Record<PassName, number> = { naive: 0, settled: 0 };
  return (pass, done, total) => {
    const before = shown[pass];
    const isNext = stream.isTTY ? done >= before + 97 : before < total / 2 && done >= total / 2;
    if (done === before || (!isNext && done !== total)) return;
    shown[pass] = done;
    const line = `${TITLES[pass]}: ${count(done)} of ${counted(total, "call")}`;
    const isLast = done === total || !stream.isTTY;
    // Back to the line's start, and clear what stands there.
    stream.write(`${stream.isTTY ? "\r\u001B[K" : ""}${line}${isLast ? "\n" : ""}`);
  };
}

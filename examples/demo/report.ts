import type { WriteStream } from "node:tty";
import { count, counted, dateAndTime, dollars, duration, percent } from "./format.ts";
import type { PassName, PlaceDescription } from "./ground.ts";
import { journalLines } from "./journal-text.ts";
import type { Pass } from "./passes.ts";
import type { ListedPrices, Listing } from "./price.ts";
import { type Result, speed } from "./result.ts";
import { LATENCY, MAX_OUTPUT_TOKENS, passedOver, STEP_SECONDS } from "./service.ts";

/** The names of the two passes on the page and in the terminal. */
export const TITLES: Readonly<Record<PassName, string>> = {
  naive: "without settlement",
  settled: "with settlement",
};

/** `$0.15 in, $0.60 out per million tokens` */
export function priceText({ listed }: Listing): string {
  const text = ({ above, input, output, thousandCalls }: ListedPrices): string =>
    (above > 0 ? `above ${count(above)} input tokens ` : "") +
    `${price(input)} in, ${price(output)} out per million tokens` +
    (thousandCalls === null ? "" : ` and ${price(thousandCalls)} per thousand calls`);
  return listed.map(text).join("; ");
}

/** A listed price, with at least two decimal places. */
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

/** The same with details: the database, lost workers, and the time of its commits. */
export function placeText(place: PlaceDescription, passes: readonly Pass[]): string {
  const { store, name, deaths, commits, commitSeconds } = place;
  const seconds = commitSeconds.toFixed(1);
  const remembered = passes.reduce((sum, pass) => sum + pass.remembered, 0);
  const facts = [
    whereText(place),
    ...(store === "memory" ? [] : [name]),
    ...(store === "postgres"
      ? ["one process submits, and the others run the calls of the pass with settlement"]
      : []),
    ...(deaths === 0
      ? []
      : [`${counted(deaths, "worker")} died and ${deaths === 1 ? "was" : "were"} replaced`]),
    ...(commits === 0 ? [] : [`${counted(commits, "transaction")}, whose commits took ${seconds} s`]),
    ...(remembered === 0 ? [] : [`${counted(remembered, "decision")} of a killed run read from it`]),
  ];
  return facts.join("; ");
}

export function routeText(): string {
  const others = passedOver().filter(({ kind }) => kind !== "sdk");
  return `sdk, explicitly allowed; ${others.map(({ kind, reason }) => `${kind}: ${reason}`).join("; ")}`;
}

/** The rows of the comparison: a name, and the value of each pass. */
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
    row("most held at once", ({ heldPeak }) => dollars(heldPeak)),
    row("most held plus spent", ({ committedPeak }) => dollars(committedPeak)),
    row("actual cost", ({ trueCost }) => dollars(trueCost)),
    ...(settled.lost === 0
      ? []
      : [
          row(
            "lost attempts, charged",
            ({ lost, lostCharged }) => `${count(lost)} (${dollars(lostCharged)})`,
          ),
        ]),
    ...(settled.unanswered === 0
      ? []
      : [row("calls without an answer", ({ unanswered }) => count(unanswered))]),
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
    [
      "bound",
      `the input and ${count(MAX_OUTPUT_TOKENS)} output tokens: ${dollars(settled.asked)} for all calls`,
    ],
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
    "  from the journal of the pass with settlement",
    ...journalLines(result).map(([name, text]) => `  ${name.padEnd(9)}${text}`),
    "",
    `  ${count(decisions)} decisions in ${seconds.toFixed(1)} s, checks included: ${count(perSecond)} a second`,
    `  page: ${page}`,
    "",
    "",
  ].join("\n");
}

/** Shows the progress: in one changing line on a terminal, in a few plain lines otherwise. */
export function progress(stream: WriteStream): (pass: PassName, done: number, total: number) => void {
  const shown: Record<PassName, number> = { naive: 0, settled: 0 };
  return (pass, done, total) => {
    const before = shown[pass];
    const isNext = stream.isTTY ? done >= before + 97 : before < total / 2 && done >= total / 2;
    if (done === before || (!isNext && done !== total)) return;
    shown[pass] = done;
    const line = `${TITLES[pass]}: ${count(done)} of ${counted(total, "call")}`;
    const isLast = done === total || !stream.isTTY;
    // Return to the start of the line, and clear it.
    stream.write(`${stream.isTTY ? "\r\u001B[K" : ""}${line}${isLast ? "\n" : ""}`);
  };
}

import { BudgetWindow } from "dispatch-kit";
import { heldChart, moneyChart } from "./chart.ts";
import { count, counted, dateAndTime, dollars, duration, percent, timeOfDay } from "./format.ts";
import { journalLines } from "./journal-text.ts";
import { BUNDLED_TRACE } from "./options.ts";
import type { Pass } from "./passes.ts";
import { comparison, latencyText, placeText, priceText, routeText, TITLES, whereText } from "./report.ts";
import { type Result, tightest } from "./result.ts";
import { MAX_OUTPUT_TOKENS } from "./service.ts";
import { STYLE } from "./style.ts";
import { element, escapeHtml } from "./svg.ts";

/** One HTML document that loads nothing: it contains its style and drawings, and has no script. */
export function page(result: Result): string {
  const title = finding(result);
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<p class="kicker">dispatch-kit demo: ${escapeHtml(whereText(result.place))}</p>
<h1>${escapeHtml(title)}</h1>
<p class="lead">${escapeHtml(lead(result))}</p>
${legend(result)}
<div class="pair">
${naiveFigure(result)}
${settledFigure(result)}
</div>
${heldFigure(result)}
<h3>Side by side</h3>
${table(result)}
<h3>From the journal</h3>
<p class="note">The store of the pass with settlement has written each move of money into its journal. These are its answers.</p>
${journal(result)}
<h3>How it was measured</h3>
${facts(result)}
${result.trace.file === BUNDLED_TRACE ? `<footer>${ATTRIBUTION}</footer>` : ""}
</main>
</body>
</html>
`;
}

/** The result of the two passes, in sentences that are true for any trace and cap. */
export function finding({ cap, naive, settled }: Result): string {
  const { window, amount } = tightest(cap);
  const under = `${dollars(amount)} cap${window === BudgetWindow.RUN ? "" : " of the month"}`;
  const calls = naive.admitted + naive.refused;
  if (naive.refused === 0 && settled.refused === 0) {
    return `A ${under} is enough for ${allOf(calls)}, with and without settlement.`;
  }
  const carried =
    settled.refused === 0 ? allOf(calls) : `${count(settled.admitted)} of ${counted(calls, "call")}`;
  const lost = naive.refused === calls ? "all" : count(naive.refused);
  return `With settlement, a ${under} is enough for ${carried}. Without settlement, the same cap refuses ${lost} of them.`;
}

function allOf(calls: number): string {
  return calls === 1 ? "the one call" : `all ${count(calls)} calls`;
}

function lead({ trace, listing, settled }: Result): string {
  const { calls } = trace;
  const length = duration((calls.at(-1)?.at ?? calls[0].at) - calls[0].at);
  return (
    `${length} of recorded LLM traffic, replayed at the prices of ${listing.model}. Before each call, the most that it ` +
    `can cost is held under the cap. For all calls together, that is ${dollars(settled.asked)}. When a call completes, ` +
    `settlement replaces its hold by the actual cost, and the rest is free for the next calls.`
  );
}

function naiveFigure({ cap, naive }: Result): string {
  const calls = naive.admitted + naive.refused;
  const since = naive.firstRefusalAt === null ? "" : ` from ${timeOfDay(naive.firstRefusalAt)} on`;
  const refused =
    naive.refused === 0
      ? "No call is refused."
      : `${count(naive.refused)} calls (${percent(naive.refused, calls)}) are refused${since}.`;
  const text = `In the end, ${dollars(naive.held)} is still held for calls that cost ${dollars(naive.trueCost)}. ${refused}`;
  return figure(TITLES.naive, text, moneyCharts(naive, tightest(cap).amount));
}

function settledFigure({ cap, settled }: Result): string {
  const calls = settled.admitted + settled.refused;
  const refused =
    settled.refused === 0
      ? "No call is refused."
      : `${count(settled.refused)} calls (${percent(settled.refused, calls)}) are refused.`;
  const text =
    `Each answer replaces its hold by the actual cost: ${dollars(settled.spent)} is spent in the end, and at most ` +
    `${dollars(settled.heldPeak)} is held at once. ${refused}`;
  return figure(TITLES.settled, text, moneyCharts(settled, tightest(cap).amount));
}

function heldFigure({ settled }: Result): string {
  const text =
    `With settlement, on its own scale: at most ${dollars(settled.heldPeak)} is held at once, and at most ` +
    `${counted(settled.inFlightPeak, "call")} in flight.`;
  const drawings = {
    large: heldChart(settled, { width: 1076, height: 170 }),
    medium: heldChart(settled, { width: 520, height: 170 }),
    small: heldChart(settled, { width: 352, height: 170 }),
  };
  return figure("Money held while calls are in flight", text, drawings, "whole");
}

function moneyCharts(pass: Pass, cap: bigint): Readonly<Record<string, string>> {
  return {
    medium: moneyChart(pass, cap, { width: 520, height: 400 }),
    small: moneyChart(pass, cap, { width: 352, height: 340 }),
  };
}

/** One drawing in several widths: the style shows the width that fits, so that text keeps its size. */
function figure(title: string, text: string, drawings: Readonly<Record<string, string>>, style = ""): string {
  const shown = Object.entries(drawings).map(([size, drawing]) => `<div class="${size}">${drawing}</div>`);
  return `<figure class="${style}"><figcaption><h2>${escapeHtml(capitalized(title))}</h2><p>${escapeHtml(text)}</p></figcaption>
<div>${shown.join("")}</div></figure>`;
}

function capitalized(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function legend({ cap }: Result): string {
  const box = (style: string): string =>
    element("rect", { class: style, width: 16, height: 12, y: 2, rx: 2 });
  const stroke = (style: string): string => element("line", { class: style, x2: 22, y1: 8, y2: 8 });
  const entries: readonly (readonly [string, string])[] = [
    [stroke("cap"), `cap of the ${tightest(cap).window}`],
    [box("held"), "held"],
    [box("spent"), "spent, according to the ledger"],
    [stroke("billed"), "billed: the actual cost of the calls"],
    [box("admitted"), "calls admitted"],
    [box("refused"), "calls refused"],
  ];
  const items = entries.map(
    ([sign, text]) =>
      `<li>${element("svg", { width: 22, height: 16, "aria-hidden": "true" }, sign)}${escapeHtml(text)}</li>`,
  );
  return `<ul class="legend">${items.join("")}</ul>`;
}

function table(result: Result): string {
  const rows = comparison(result).map(([name, naive, settled]) => {
    const style = name.startsWith(" ") ? ' class="sub"' : "";
    return `<tr><th scope="row"${style}>${escapeHtml(name.trim())}</th><td>${escapeHtml(naive)}</td><td>${escapeHtml(settled)}</td></tr>`;
  });
  return `<div class="table"><table><thead><tr><th></th><th scope="col">${TITLES.naive}</th><th scope="col">${TITLES.settled}</th></tr></thead>
<tbody>${rows.join("\n")}</tbody></table></div>`;
}

/** What the journal tells, as a list like that of the facts. */
function journal(result: Result): string {
  return definitions(journalLines(result).map(([name, text]) => [capitalized(name), text]));
}

function facts({ trace, listing, cap, naive, settled, place }: Result): string {
  const { calls } = trace;
  const name = trace.file.replace(/^.*[\\/]/, "");
  const entries: readonly (readonly [string, string])[] = [
    [
      "Trace",
      `${name}: ${counted(calls.length, "call")}, from ${dateAndTime(calls[0].at)}, its times are read as UTC`,
    ],
    ["Price", `${listing.model} (${listing.provider}): ${priceText(listing)}, from ${listing.source}`],
    [
      "Upper bound",
      `the recorded input and ${count(MAX_OUTPUT_TOKENS)} output tokens, the most that a call may generate`,
    ],
    ["Actual cost", "the recorded input and output; the trace has no data about caching"],
    [
      "Caps",
      `${dollars(cap.run)} for the run, ${dollars(cap.month)} for the month; each call is held against both`,
    ],
    ["Latency", latencyText()],
    ["Route", routeText()],
    ["Store", placeText(place, [naive, settled])],
    [
      "Check",
      `A second computation, without the library, checked all costs and sums: against the caps after every call, and against the ledger after every step. ${count(naive.checks + settled.checks)} checks found no difference.`,
    ],
  ];
  return definitions(entries);
}

function definitions(entries: readonly (readonly [string, string])[]): string {
  return `<dl>${entries.map(([term, text]) => `<dt>${term}</dt><dd>${escapeHtml(text)}</dd>`).join("\n")}</dl>`;
}

/** The licence of the trace requires its authors, its source, and whether it was changed. */
const ATTRIBUTION = `<p>The trace is “Azure LLM inference trace 2023” (conversation), unmodified, from
<a href="https://github.com/Azure/AzurePublicDataset">Azure/AzurePublicDataset</a>,
<a href="https://creativecommons.org/licenses/by/4.0/">CC-BY-4.0</a>. Pratyush Patel, Esha Choukse, Chaojie Zhang,
Aashaka Shah, Íñigo Goiri, Saeed Maleki, Ricardo Bianchini: “Splitwise: Efficient Generative LLM Inference Using
Phase Splitting”, ISCA 2024.</p>`;

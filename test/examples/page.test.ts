import { BudgetCap, formatUsd, microCents, usd } from "dispatch-kit";
import { beforeAll, describe, expect, it } from "vitest";
import { dollarTick, timeTicks, valueTicks } from "../../examples/demo/axis.ts";
import { dollars, duration, percent } from "../../examples/demo/format.ts";
import { inMemory } from "../../examples/demo/ground.ts";
import { journalFacts } from "../../examples/demo/journal.ts";
import { BUNDLED_TRACE } from "../../examples/demo/options.ts";
import { finding, page } from "../../examples/demo/page.ts";
import { runPass } from "../../examples/demo/passes.ts";
import { summary } from "../../examples/demo/report.ts";
import { type Result, resultJson } from "../../examples/demo/result.ts";
import { gpt4oMini, trace, traceText } from "./support.ts";

async function resultOf(run: string, month = "250", calls = 500): Promise<Result> {
  const cap = new BudgetCap({ run: usd(run), month: usd(month) });
  const shared = { trace: trace(traceText(calls)), listing: gpt4oMini(), cap };
  const settled = await runPass({ name: "settled", ...shared });
  return {
    ...shared,
    naive: await runPass({ name: "naive", ...shared }),
    settled,
    journal: await journalFacts(settled.ground, shared.trace, cap.run),
    place: inMemory().description,
  };
}

let result: Result;
beforeAll(async () => {
  result = await resultOf("0.20");
});

describe("page", () => {
  it("page: loads nothing and runs nothing", () => {
    const html = page(result);
    expect(html).not.toMatch(/<(?:script|link|img|iframe|object|embed|base|meta http-equiv)\b/i);
    expect(html).not.toMatch(/\b(?:src|srcset|xlink:href|action|poster|on\w+)=/i);
    expect(html).not.toMatch(/@import|url\(/i);
  });

  it("page: every number in its drawings is one", () => {
    expect(page(result)).not.toMatch(/NaN|Infinity|undefined|\[object/);
  });

  it("page: a name that is markup stays text", () => {
    const listing = { ...result.listing, model: "<b>m</b>", provider: '"&' };
    const html = page({ ...result, listing });
    expect(html).not.toContain("<b>");
    expect(html).toContain("&#60;b&#62;m&#60;/b&#62; (&#34;&#38;)");
  });

  it("page: names the authors of the bundled trace, and of no other", () => {
    expect(page(result)).not.toContain("Splitwise");
    const html = page({ ...result, trace: { ...result.trace, file: BUNDLED_TRACE } });
    expect(html).toContain("Íñigo Goiri");
    expect(html).toContain("CC-BY-4.0");
  });

  it.each([
    ["0", "250", 5],
    ["10", "250", 1],
    ["1000000000", "250", 5],
    ["0.00000001", "250", 5],
  ])("page: a cap of $%s, $%s a month and %i calls can be drawn", async (run, month, calls) => {
    expect(page(await resultOf(run, month, calls))).not.toMatch(/NaN|Infinity|undefined/);
  });
});

describe("finding", () => {
  it("finding: says what is true of the passes", async () => {
    expect(finding(result)).toBe(
      `With settlement, a $0.20 cap is enough for all 500 calls. Without settlement, the same cap refuses ${result.naive.refused} of them.`,
    );
    expect(finding(await resultOf("10"))).toBe(
      "A $10.00 cap is enough for all 500 calls, with and without settlement.",
    );
    expect(finding(await resultOf("10", "0.10"))).toMatch(
      /^With settlement, a \$0\.10 cap of the month is enough for 342 of 500 calls\. Without/,
    );
    expect(finding(await resultOf("0", "1", 5))).toMatch(
      /is enough for 0 of 5 calls\. Without settlement, the same cap refuses all/,
    );
  });
});

describe("summary", () => {
  it("summary: has what a person asks for", () => {
    const text = summary(result, "out.html");
    expect(text).toContain("gpt-4o-mini (OpenAI): $0.15 in, $0.60 out per million tokens");
    expect(text).toContain("assumed: 0.5 s to the first token, then 25 ms a token");
    expect(text).toMatch(/ {2}refused +\d+ \([\d.]+%\) +0\n/);
    expect(text).toMatch(/cap exceeded +never \([\d,]+ checks\) +never/);
    expect(text).toMatch(/1,000 decisions in [\d.]+ s, checks included: [\d,]+ a second/);
    expect(text).toContain("page: out.html");
  });
});

describe("resultJson", () => {
  it("resultJson: money is exact decimal strings", () => {
    const json: unknown = JSON.parse(JSON.stringify(resultJson(result, "out.html")));
    expect(json).toMatchObject({
      cap: { run: "0.20", month: "250.00" },
      passes: {
        naive: { spent: "0.00", heldAtTheEnd: formatUsd(result.naive.held) },
        settled: { refused: 0, refusedBy: { run: 0, month: 0 }, spent: formatUsd(result.settled.spent) },
      },
      capNeverExceeded: true,
      page: "out.html",
    });
  });
});

describe("numbers for people", () => {
  it.each([
    [0n, "$0.00"],
    [usd("5.8074795"), "$5.81"],
    [usd("1234.565"), "$1,234.57"],
    [usd("0.04446735"), "$0.0445"],
    [usd("0.10"), "$0.10"],
    [usd("0.999999"), "$1.00"],
    [usd("0.0000825"), "$0.0000825"],
  ])("dollars: %s is %s", (amount, text) => {
    expect(dollars(microCents(amount))).toBe(text);
  });

  it("percent: a part that is not nothing does not read as nothing", () => {
    expect([percent(0, 9), percent(1, 10_000), percent(1, 3), percent(3, 3)]).toEqual([
      "0%",
      "<0.1%",
      "33.3%",
      "100%",
    ]);
  });

  it("duration: seconds, minutes or hours", () => {
    expect([duration(5.887), duration(3501.7), duration(86_400)]).toEqual(["5.89 s", "58 min", "24 h"]);
  });

  it("valueTicks: round steps", () => {
    expect(valueTicks(11, 6)).toEqual([0, 2, 4, 6, 8, 10]);
    expect(valueTicks(0.05, 3).map((value) => dollarTick(value, 0.02))).toEqual(["$0.00", "$0.02", "$0.04"]);
    expect([dollarTick(0.0005, 0.0005), dollarTick(1500, 500), dollarTick(2.5, 2.5)]).toEqual([
      "0.05¢",
      "$1,500",
      "$2.50",
    ]);
  });

  it("timeTicks: round instants, no more than asked", () => {
    expect(timeTicks(10, 70, 6)).toEqual([10, 20, 30, 40, 50, 60, 70]);
    expect(timeTicks(0, 10 * 86_400, 5)).toEqual([0, 172_800, 345_600, 518_400, 691_200, 864_000]);
  });
});

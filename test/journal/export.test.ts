import { microCents, usd } from "dispatch-kit";
import { toCsv, toJsonLines } from "dispatch-kit/journal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amounts } from "../support/arbitraries.ts";
import { capped, setUp } from "../stores/memory/support.ts";

/** A reader of RFC 4180, of its own. */
function fromCsv(text: string): readonly (readonly string[])[] {
  const lines: string[][] = [];
  let line: string[] = [];
  const cell = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n)/y;
  while (cell.lastIndex < text.length) {
    const [, quoted, plain = "", end] = cell.exec(text) ?? [];
    if (end === undefined) throw new Error("no CSV");
    line.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === ",") continue;
    lines.push(line);
    line = [];
  }
  return lines;
}

describe("toCsv", () => {
  it.each<[string, unknown, string]>([
    ["plain text", "u-7", "u-7"],
    ["a comma", "a,b", '"a,b"'],
    ["quotes", 'say "hi"', '"say ""hi"""'],
    ["line breaks inside", "a\r\nb\nc", '"a\r\nb\nc"'],
    ["a formula", '=HYPERLINK("x")', `"'=HYPERLINK(""x"")"`],
    ["a plus", "+1", "'+1"],
    ["a minus in text", "-1", "'-1"],
    ["an at sign", "@SUM(A1)", "'@SUM(A1)"],
    ["a tab", "\t=1", "'\t=1"],
    ["a carriage return", "\r=1", `"'\r=1"`],
    ["a line feed", "\n=1", `"'\n=1"`],
    ["a number", 1.5, "1.5"],
    ["a number below 0", -2, "-2"],
    ["money", usd("12.5"), "12.50"],
    ["a refund", usd("-0.25"), "-0.25"],
    ["a flag", true, "true"],
    ["nothing", null, ""],
    ["what is missing", undefined, ""],
    ["an object", { a: 1, b: usd("2") }, '"{""a"":1,""b"":""2.00""}"'],
    ["a list", ["x", "=1"], '"[""x"",""=1""]"'],
    ["a function", () => 1, ""],
  ])("%s", (_, value, cell) => {
    expect(toCsv([{ x: value }])).toBe(`x\r\n${cell}\r\n`);
  });

  it("all fields of all rows by default, or the columns that are named", () => {
    const rows = [{ a: 1 }, { b: 2, a: 3 }];
    expect(toCsv(rows)).toBe("a,b\r\n1,\r\n3,2\r\n");
    expect(toCsv(rows, ["b"])).toBe("b\r\n\r\n2\r\n");
    expect(toCsv([], ["a", "b"])).toBe("a,b\r\n");
    expect(toCsv([])).toBe("");
  });

  it("a name is text like any other, and only own fields are read", () => {
    expect(toCsv([{ "=1": 1, "a,b": 2 }])).toBe(`'=1,"a,b"\r\n1,2\r\n`);
    expect(toCsv([{ a: 1 }], ["constructor", "__proto__"])).toBe("constructor,__proto__\r\n,\r\n");
  });

  it("a reader gets back the same text, and the same money", () => {
    const row = fc.tuple(fc.string({ unit: "binary" }), amounts);
    fc.assert(
      fc.property(fc.array(row, { minLength: 1, maxLength: 5 }), (rows) => {
        const csv = toCsv(rows.map(([text, booked]) => ({ text, booked })));
        const [, ...read] = fromCsv(csv);
        expect(
          read.map(([text = "", booked = ""]) => [text.replace(/^'(?=[=+\-@\t\r\n])/, ""), usd(booked)]),
        ).toEqual(
          // An apostrophe of the text's own in front of such a sign is taken away too.
          rows.map(([text, booked]) => [text.replace(/^'(?=[=+\-@\t\r\n])/, ""), booked]),
        );
        expect(read.every(([text = ""]) => !/^[=+\-@\t\r\n]/.test(text))).toBe(true);
      }),
    );
  });

  it("takes what a store answers", async () => {
    const { store } = setUp();
    await store.hold({
      holdId: "h",
      amount: usd("1"),
      scopes: capped(usd("2"), "m"),
      ttlSeconds: 60,
      tags: { user: "=x" },
    });
    await store.settle("h", usd("0.5"));
    const rows = await store.spend({ from: new Date(0), to: new Date("2030-01-01"), by: ["tag:user"] });
    expect(toCsv(rows)).toBe('group,booked,overrun,calls\r\n"{""tag:user"":""=x""}",0.50,0.00,1\r\n');
    expect(toCsv((await store.journal()).entries, ["place", "kind", "scopes"])).toBe(
      'place,kind,scopes\r\n1,held,"[{""scope"":""m"",""cap"":""2.00"",""before"":""0.00"",""after"":""1.00""}]"\r\n' +
        '2,settled,"[{""scope"":""m"",""cap"":""2.00"",""before"":""1.00"",""after"":""0.50""}]"\r\n',
    );
  });
});

describe("toJsonLines", () => {
  it("one line a row, whatever is in it, with money as dollars", () => {
    expect(toJsonLines([{ a: "x\ny", b: [microCents(1n)] }, { c: null }])).toBe(
      '{"a":"x\\ny","b":["0.00000001"]}\n{"c":null}\n',
    );
    expect(toJsonLines([])).toBe("");
  });
});

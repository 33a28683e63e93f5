import { describe, expect, it } from "vitest";
import { InputError } from "../../examples/demo/failure.ts";
import { readTrace } from "../../examples/demo/trace.ts";
import { HEADER, trace, traceText } from "./support.ts";

const ROW = "2023-11-16 18:15:46.6805900,374,44";

describe("parseTrace", () => {
  it("parseTrace: reads the bundled trace to its last line, which has no end", () => {
    const { calls } = trace(traceText());
    expect(calls.length).toBe(19_366);
    expect(calls[0]).toEqual({
      line: 2,
      at: Date.UTC(2023, 10, 16, 18, 15, 46) / 1000 + 0.68059,
      timestamp: "2023-11-16 18:15:46.6805900",
      contextTokens: 374,
      generatedTokens: 44,
    });
    expect(calls.at(-1)?.timestamp).toBe("2023-11-16 19:14:08.4025270");
  });

  it("parseTrace: line ends, a byte order mark, other columns and their order do not matter", () => {
    const plain = trace(`${HEADER}\n${ROW}\n`).calls;
    expect(trace(`${HEADER}\r\n${ROW}\r\n`).calls).toEqual(plain);
    expect(trace(`\uFEFF${HEADER}\n${ROW}`).calls).toEqual(plain);
    const other =
      "GeneratedTokens,region,ContextTokens,TIMESTAMP\n44,westeurope,374,2023-11-16 18:15:46.6805900";
    expect(trace(other).calls).toEqual(plain);
  });

  it("parseTrace: two calls may come at the same instant", () => {
    expect(trace(`${HEADER}\n${ROW}\n${ROW}`).calls.length).toBe(2);
  });

  const at = "2023-11-16 18:15:46";
  it.each([
    ["", "trace.csv:1: the file is empty"],
    [HEADER, "trace.csv:2: no request after the header"],
    ["TIMESTAMP,ContextTokens\n", 'trace.csv:1: no column GeneratedTokens in "TIMESTAMP,ContextTokens"'],
    [
      `${HEADER},TIMESTAMP\n`,
      `trace.csv:1: more than one column TIMESTAMP in ${JSON.stringify(`${HEADER},TIMESTAMP`)}`,
    ],
    [`${HEADER}\n${ROW}\n${at},5`, `trace.csv:3: 2 fields under 3 columns: "${at},5"`],
    [`${HEADER}\n${ROW}\n\n${ROW}`, 'trace.csv:3: 1 fields under 3 columns: ""'],
    [`${HEADER}\n${at},-3,1`, 'trace.csv:2: ContextTokens "-3": not a whole number of tokens'],
    [`${HEADER}\n${at},1.5,1`, 'trace.csv:2: ContextTokens "1.5": not a whole number of tokens'],
    [`${HEADER}\n${at},,1`, 'trace.csv:2: ContextTokens "": not a whole number of tokens'],
    [`${HEADER}\n${at},NaN,1`, 'trace.csv:2: ContextTokens "NaN": not a whole number of tokens'],
    [`${HEADER}\n${at},0x10,1`, 'trace.csv:2: ContextTokens "0x10": not a whole number of tokens'],
    [
      `${HEADER}\n${at},9007199254740993,1`,
      'trace.csv:2: ContextTokens "9007199254740993": not a whole number of tokens',
    ],
    [`${HEADER}\n${at},1, 7`, 'trace.csv:2: GeneratedTokens " 7": not a whole number of tokens'],
    [
      `${HEADER}\n${at},1,1001`,
      'trace.csv:2: GeneratedTokens "1001": above the 1000 tokens that a call may generate',
    ],
    [`${HEADER}\n${ROW}\nnow,1,1`, 'trace.csv:3: TIMESTAMP "now": not a time such as'],
    [`${HEADER}\n2023-02-30 10:00:00,1,1`, 'trace.csv:2: TIMESTAMP "2023-02-30 10:00:00": not a time'],
    [`${HEADER}\n2023-13-01 10:00:00,1,1`, 'trace.csv:2: TIMESTAMP "2023-13-01 10:00:00": not a time'],
    [`${HEADER}\n2023-11-16 24:00:00,1,1`, 'trace.csv:2: TIMESTAMP "2023-11-16 24:00:00": not a time'],
    [`${HEADER}\n${ROW}\n${at},1,1`, `trace.csv:3: TIMESTAMP "${at}": earlier than the line above`],
  ])("parseTrace: %j is refused at its line", (text, message) => {
    expect(() => trace(text)).toThrow(InputError);
    expect(() => trace(text)).toThrow(message);
  });

  it("parseTrace: a call may generate exactly the limit", () => {
    expect(trace(`${HEADER}\n${at},1,1000`).calls[0].generatedTokens).toBe(1000);
  });

  it("readTrace: a file that is not there is named", () => {
    expect(() => readTrace("no-such-trace.csv", 1000)).toThrow(/^no-such-trace\.csv: cannot be read: ENOENT/);
  });
});

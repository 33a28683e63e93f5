import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, canonicalText } from "../../src/internal/canonical-json.ts";

/** RFC 8785, appendix B: the bits of a double, and how it is printed. */
const NUMBERS = [
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
] as const;

/** The rest of appendix B: whole numbers beyond 2^53 - 1, which are refused here on purpose, and no numbers. */
const REFUSED = [
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["7fffffffffffffff", "NaN"],
  ["7ff0000000000000", "Infinity"],
] as const;

function double(bits: string): number {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, BigInt(`0x${bits}`));
  return view.getFloat64(0);
}

describe("canonicalJson: numbers", () => {
  it.each(NUMBERS)("%s of RFC 8785, appendix B, is %s", (bits, text) => {
    expect(canonicalJson(double(bits))).toBe(text);
    expect(canonicalText(text)).toBe(text);
  });

  it.each(REFUSED)("%s of RFC 8785, appendix B, which would be %s, is refused", (bits, text) => {
    expect(String(double(bits))).toBe(text);
    expect(() => canonicalJson([double(bits)])).toThrow(RangeError);
    expect(() => canonicalText(text)).toThrow(RangeError);
  });

  it("takes every safe integer, and no other", () => {
    const most = Number.MAX_SAFE_INTEGER;
    expect(canonicalJson([most, -most])).toBe("[9007199254740991,-9007199254740991]");
    expect(canonicalText("-9007199254740991")).toBe("-9007199254740991");
    for (const text of [
      "9007199254740992",
      "-9007199254740993",
      "1".repeat(30),
      "9007199254740993e0",
      "1e18",
    ]) {
      expect(() => canonicalText(`[${text}]`), text).toThrow(/integers from -\(2\^53 - 1\) to 2\^53 - 1/);
    }
  });
});

/**
 * RFC 8785, sections 3.2.2 and 3.2.3 (the sorting example), and the test data of its authors:
 * cyberphone/json-canonicalization at 19d51d7fe467d4706a3ff08adf8a748f29fc21e0, testdata/input and testdata/output.
 */
const TEXTS: readonly (readonly [name: string, input: string, output: string])[] = [
  [
    "section 3.2.2, and values",
    String.raw`{
  "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
  "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
  "literals": [null, true, false]
}`,
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  ],
  [
    "section 3.2.3",
    String.raw`{
  "\u20ac": "Euro Sign",
  "\r": "Carriage Return",
  "\ufb33": "Hebrew Letter Dalet With Dagesh",
  "1": "One",
  "\ud83d\ude00": "Emoji: Grinning Face",
  "\u0080": "Control",
  "\u00f6": "Latin Small Letter O With Diaeresis"
}`,
    String.raw`{"\r":"Carriage Return","1":"One","` +
      '\u0080":"Control","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign",' +
      '"\u{1f600}":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
  [
    "arrays",
    '[\n  56,\n  {\n    "d": true,\n    "10": null,\n    "1": [ ]\n  }\n]\n',
    '[56,{"1":[],"10":null,"d":true}]',
  ],
  [
    "french",
    '{"peach":"This sorting order","péché":"is wrong according to French",' +
      '"pêche":"but canonicalization MUST","sin":   "ignore locale"}',
    '{"peach":"This sorting order","péché":"is wrong according to French",' +
      '"pêche":"but canonicalization MUST","sin":"ignore locale"}',
  ],
  [
    "structures",
    String.raw`{"1": {"f": {"f": "hi","F": 5} ,"\n": 56.0}, "10": { }, "": "empty", "a": { },
      "111": [ {"e": "yes","E": "no" } ], "A": { }}`,
    String.raw`{"":"empty","1":{"\n":56,"f":{"F":5,"f":"hi"}},"10":{},"111":[{"E":"no","e":"yes"}],"A":{},"a":{}}`,
  ],
  ["unicode", String.raw`{"Unnormalized Unicode":"A\u030a"}`, '{"Unnormalized Unicode":"A\u030a"}'],
  [
    "weird",
    String.raw`{"\u20ac": "Euro Sign", "\r": "Carriage Return", "\u000a": "Newline", "1": "One",
      "\u0080": "Control\u007f", "\ud83d\ude02": "Smiley", "\u00f6": "Latin Small Letter O With Diaeresis",
      "\ufb33": "Hebrew Letter Dalet With Dagesh", "</script>": "Browser Challenge"}`,
    String.raw`{"\n":"Newline","\r":"Carriage Return","1":"One","</script>":"Browser Challenge","` +
      '\u0080":"Control\u007f","ö":"Latin Small Letter O With Diaeresis","€":"Euro Sign","😂":"Smiley",' +
      '"\ufb33":"Hebrew Letter Dalet With Dagesh"}',
  ],
];

describe("canonicalText: the published vectors", () => {
  it.each(TEXTS)("%s", (_, input, output) => {
    expect(canonicalText(input)).toBe(output);
    expect(canonicalJson(JSON.parse(input))).toBe(output);
  });
});

describe("canonicalText: what two readers read differently is refused", () => {
  it.each([
    '{"a":1,"a":2}',
    '{"a":1,"a":1}',
    String.raw`{"a":1,"\u0061":2}`,
    '{"b":{"a":[{"c":1},{"d":1,"d":2}]}}',
    '[{"a":{"a":1}},{"b":"a","a":1,"b" : 1}]',
    '{"__proto__":1,"__proto__":2}',
    String.raw`{"a\"":1,"a\"":2}`,
  ])("a name that occurs twice: %s", (json) => {
    expect(() => canonicalText(json)).toThrow(
      /^canonicalText must name each field of an object once; got one twice/,
    );
  });

  it.each([
    '{"a":"a","b":"a"}',
    '{"a":{"a":{"a":[]}},"b":{"a":1}}',
    '[{"a":1},{"a":1}]',
    '{"a":{"b":1},"b":2}',
    String.raw`{"a":"\",\"a\":","b":"{\\"}`,
    '{"":1," ":2}',
    '{"A":1,"a":2}',
    '{"e\u0301":1,"\u00e9":2}',
  ])("but not what only looks so: %s", (json) => {
    expect(canonicalText(json)).toBe(json);
  });

  it.each([String.raw`"\ud800"`, String.raw`{"\udc00":1}`, '["\ud800"]', String.raw`"\udc00\ud800"`])(
    "a lone surrogate: %s",
    (json) => {
      expect(() => canonicalText(json)).toThrow(
        "canonicalText must be well-formed Unicode; got a lone surrogate",
      );
    },
  );

  it.each(["", "{", "{'a':1}", "[1,]", "01", "NaN", "undefined", '"\t"', "{} {}", "\ufeff{}"])(
    "what is not JSON: %j; no message shows it",
    (json) => {
      expect(() => canonicalText(json)).toThrow(new RangeError("canonicalText must be valid JSON"));
    },
  );

  it("what is no text", () => {
    for (const json of [undefined, null, 1, {}])
      expect(() => canonicalText(json as string)).toThrow(TypeError);
  });

  it("no message shows the text, and each says where it was read", () => {
    for (const json of ['{"secret":1,"secret":2}', '"secret\\ud800"', "secret"]) {
      expect(() => canonicalText(json, "jobDigest.job.payload")).toThrow(
        /^jobDigest\.job\.payload must (?!.*secret)/,
      );
    }
  });

  it("long strings need no stack", () => {
    for (const part of ["a", String.raw`\n`, String.raw`\"`]) {
      const json = `{"a":"${part.repeat(1e6)}"}`;
      expect(canonicalText(json)).toBe(json);
    }
  });
});

describe("canonicalJson: what JSON cannot hold", () => {
  it.each<readonly [string, unknown]>([
    ["undefined", undefined],
    ["a bigint", 1n],
    ["a function", () => 1],
    ["a symbol", Symbol("s")],
    ["a date", new Date(0)],
    ["a map", new Map()],
    ["a boxed number", Object(1)],
    ["a field that is undefined", { a: undefined }],
    ["a name that is a symbol", { [Symbol("s")]: 1 }],
    ["a hole", new Array(1)],
  ])("%s is a TypeError", (_, value) => {
    expect(() => canonicalJson(value)).toThrow(TypeError);
    expect(() => canonicalJson([{ a: value }])).toThrow(TypeError);
  });

  it("is what is nested too deep, a circle included", () => {
    const nested = (depth: number): string => "[".repeat(depth) + "]".repeat(depth);
    expect(canonicalText(nested(500))).toBe(nested(500));
    expect(() => canonicalText(nested(501))).toThrow(
      new TypeError("canonicalText must be nested at most 500 deep"),
    );
    const circle: unknown[] = [];
    circle.push({ circle });
    expect(() => canonicalJson(circle)).toThrow(TypeError);
  });
});

/** JSON values without integers that two readers read differently. */
const values = fc
  .jsonValue()
  .map((value) => JSON.parse(JSON.stringify(value).replaceAll("-0", "0")) as unknown);
const ambiguous = /\d{16}/;

describe("canonicalJson", () => {
  it("is the same JSON, and canonical again", () => {
    fc.assert(
      fc.property(values, (value) => {
        fc.pre(!ambiguous.test(JSON.stringify(value)));
        const text = canonicalJson(value);
        expect(JSON.parse(text)).toEqual(value);
        expect(canonicalText(text)).toBe(text);
      }),
    );
  });

  it("does not depend on the order of fields or on white space", () => {
    const flat = fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.boolean(), fc.integer()));
    fc.assert(
      fc.property(flat, fc.infiniteStream(fc.nat()), (fields, random) => {
        const shuffled = Object.entries(fields)
          .map((entry) => [random.next().value, entry] as const)
          .sort(([a], [b]) => a - b)
          .map(([, [name, field]]) => `${JSON.stringify(name)} :\n${JSON.stringify(field)}`);
        expect(canonicalText(`{ ${shuffled.join(" ,\t")} }`)).toBe(canonicalJson(fields));
      }),
    );
  });

  it("sorts names by UTF-16 code units, not by code points", () => {
    expect(canonicalJson({ "\ufb33": 1, "\u{1f600}": 2 })).toBe('{"\u{1f600}":2,"\ufb33":1}');
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary" }), { maxLength: 8 }), (names) => {
        const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
        const inOrder = Array.from(
          text.matchAll(/("(?:[^"\\]|\\.)*"):0/g),
          ([, name = ""]) => JSON.parse(name) as string,
        );
        expect(inOrder).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
      }),
    );
  });
});

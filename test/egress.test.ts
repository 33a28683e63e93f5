import {
  type EnvLookup,
  ExternalEndpoint,
  isDispatchError,
  logEgress,
  SecretMissingError,
  SecretRef,
} from "dispatch-kit";
import { inspect } from "node:util";
import fc from "fast-check";
import { afterEach, describe, expect, it, vi } from "vitest";

const TOKEN = "hunter2-t0ken";
const secret = new SecretRef("API_KEY");

function endpointAt(baseUrl: string, name = "api"): ExternalEndpoint {
  return new ExternalEndpoint({ name, baseUrl, secret });
}

/** An environment that is no plain object. */
class Env {
  readonly API_KEY = TOKEN;
}

function thrownBy(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("it did not throw");
}

/** Everything that a program prints of a value, one way or another. */
function printed(value: unknown): string {
  const all = {
    depth: Infinity,
    showHidden: true,
    compact: false,
    maxArrayLength: null,
    maxStringLength: null,
  };
  const error =
    value instanceof Error ? [value.message, value.stack, value.cause, inspect(value.cause, all)] : [];
  const own =
    typeof value === "object" && value !== null
      ? [Object.entries(value), { ...value }, structuredClone({ ...value })]
      : [];
  return [
    String(value),
    JSON.stringify(value),
    JSON.stringify([value, { value }]),
    inspect(value, all),
    inspect({ value }, all),
    ...[...error, ...own].map((part) => inspect(part, all)),
  ].join("\n");
}

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  vi.unstubAllGlobals();
});

describe("ExternalEndpoint: baseUrl", () => {
  it.each([
    ["https://api.example.com", "https://api.example.com", "api.example.com"],
    ["https://api.example.com/", "https://api.example.com", "api.example.com"],
    ["HTTPS://API.Example.COM:8443/v1?x=1#y", "https://api.example.com:8443", "api.example.com"],
    ["https://api.example.com:443/v1", "https://api.example.com", "api.example.com"],
    ["https://api.example.com:0", "https://api.example.com:0", "api.example.com"],
    ["https://api.example.com:", "https://api.example.com", "api.example.com"],
    ["https://api.example.com.", "https://api.example.com.", "api.example.com."],
    ["https://localhost", "https://localhost", "localhost"],
    ["https://[2001:db8::1]", "https://[2001:db8::1]", "[2001:db8::1]"],
    ["https://[2001:DB8:0::1]:444/x", "https://[2001:db8::1]:444", "[2001:db8::1]"],
    ["https://[::ffff:1.2.3.4]", "https://[::ffff:102:304]", "[::ffff:102:304]"],
    // What the parser makes of a host is what is shown: that is where the data goes.
    ["https://2130706433", "https://127.0.0.1", "127.0.0.1"],
    ["https://0x7f.1", "https://127.0.0.1", "127.0.0.1"],
    ["https://ex%61mple.com", "https://example.com", "example.com"],
    ["https://bücher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"],
    ["https://ｅｘａｍｐｌｅ。com", "https://example.com", "example.com"],
    ["https://раура1.com", "https://xn--1-7sba6dbr.com", "xn--1-7sba6dbr.com"],
    // An @ after the host is part of a path.
    ["https://api.example.com/@user:x@y", "https://api.example.com", "api.example.com"],
    ["https://api.example.com?to=a@b", "https://api.example.com", "api.example.com"],
    ["https://api.example.com#a@b", "https://api.example.com", "api.example.com"],
  ])("%j goes to %s", (baseUrl, origin, host) => {
    const endpoint = endpointAt(baseUrl);
    expect(endpoint.origin).toBe(origin);
    expect(endpoint.host()).toBe(host);
    expect(endpoint.baseUrl).toBe(baseUrl);
    expect(new URL(baseUrl).origin).toBe(origin);
  });

  it.each([
    // Credentials, and what only looks as if it had none.
    "https://user@host",
    "https://user:pw@host",
    "https://:pw@host",
    "https://@host",
    "https://:@host",
    "https://a@b@host",
    "https://host@",
    "https://api.example.com:443@evil.example",
    "https://api.example.com@evil.example/v1",
    "https://user%40host",
    "https://user\uff20host",
    "https:@host",
    "https:/@host",
    // No host.
    "https:",
    "https:/",
    "https://",
    "https:///",
    "https:///host",
    "https:////host",
    "https://?x",
    "https://#x",
    "https://:443",
    "https:host",
    "https:/host",
    "https//host",
    "//host",
    "host",
    "",
    // Other schemes.
    "http://host",
    "ftp://host",
    "wss://host",
    "file:///etc/passwd",
    "data:text/plain,https://host",
    "javascript:fetch('https://host')",
    "blob:https://host/x",
    "view-source:https://host",
    "httpss://host",
    "https+x://host",
    "hTTp://host",
    "ｈttps://host",
    // White space, line breaks and what hides: the parser would drop some of them.
    " https://host",
    "https://host ",
    "\thttps://host",
    "\u0000https://host",
    "\ufeffhttps://host",
    "ht\ntps://host",
    "https:\n//host",
    "https://ho\tst",
    "https://ho\r\nst",
    "https://host\n",
    "https://host/a b",
    "https://host/a\u00a0b",
    "https://host/a\u2028b",
    "https://host/\u202egpj",
    "https://ho\u00adst",
    "https://ho\u200bst",
    "https://ho\u{e0041}st",
    "https://host/\u0000",
    "https://host/\u001b[31m",
    "https://host/\ud800",
    // Backslashes, which the parser reads as slashes.
    "https:\\\\host",
    "https:/\\host",
    "https://host\\evil",
    "https://host\\@evil",
    "https://evil\\.host",
    "https://host/a\\b",
    // Hosts that are none.
    "https://ho st",
    "https://%",
    "https://%zz",
    "https://a%2fb",
    "https://a%00b",
    "https://a%3a80",
    "https://a%20b",
    "https://a\uff0fb",
    "https://a\u2100b",
    "https://a<b",
    "https://a|b",
    "https://a^b",
    "https://1.2.3.256",
    "https://1.2.3.4.5",
    "https://99999999999",
    "https://[::1",
    "https://::1",
    "https://[::1]a",
    "https://[::g]",
    "https://[fe80::1%25eth0]",
    // Ports that are none.
    "https://host:65536",
    "https://host:-1",
    "https://host:8o",
    "https://host:80:80",
  ])("%j is refused without being shown", (baseUrl) => {
    const error = thrownBy(() => endpointAt(baseUrl));
    expect(error).toBeInstanceOf(RangeError);
    expect((error as Error).cause).toBeUndefined();
    const shown = printed(error).replaceAll("https://", "");
    const rest = baseUrl.replace(/^https:\/\//, "");
    if (rest.length > 6) expect(shown).not.toContain(rest);
  });

  it.each([
    `https://user:${TOKEN}@host/`,
    `https://${TOKEN}@host/`,
    `http://host/?key=${TOKEN}`,
    `https://host/${TOKEN} `,
    `https://host:99999/?key=${TOKEN}`,
    `https://[${TOKEN}]/`,
    `https://${TOKEN}%/`,
    TOKEN,
    `\\${TOKEN}`,
  ])("no token in %j is shown, nor in the cause or the stack", (baseUrl) => {
    expect(printed(thrownBy(() => endpointAt(baseUrl)))).not.toContain(TOKEN);
  });

  it.each([`https://host/v1?key=${TOKEN}`, `https://host/${TOKEN}/v1`, `https://host/#${TOKEN}`])(
    "%j is kept, and only its origin is shown",
    (baseUrl) => {
      const endpoint = endpointAt(baseUrl);
      const lines: unknown[] = [];
      const event = logEgress(endpoint, { log: (...logged) => lines.push(...logged) });
      expect(endpoint.baseUrl).toBe(baseUrl);
      const everything = [endpoint, event, lines, thrownBy(() => endpoint.bearer({}))]
        .map(printed)
        .join("\n");
      expect(everything).not.toContain(TOKEN);
      expect(JSON.parse(JSON.stringify(endpoint))).toEqual({
        name: "api",
        origin: "https://host",
        secret: { envVar: "API_KEY" },
      });
    },
  );

  it("is plain https with a host and no credentials, whenever it is accepted", () => {
    const part = fc.oneof(
      fc.constantFrom(
        "https:",
        "http:",
        "//",
        "/",
        "\\",
        "@",
        ":",
        "?",
        "#",
        "[",
        "]",
        "%40",
        "%2f",
        "443",
        " ",
        "\n",
        "\t",
      ),
      fc.constantFrom(
        "user",
        "host",
        "example.com",
        "::1",
        "xn--",
        "\uff20",
        "\uff0f",
        "\u3002",
        "\u202e",
        "\ud83d",
      ),
      fc.string({ unit: "binary", maxLength: 3 }),
    );
    const urls = fc.array(part, { maxLength: 8 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(
        fc.oneof(
          urls,
          urls.map((url) => `https://${url}`),
          fc.webUrl({ withQueryParameters: true }),
        ),
        (baseUrl) => {
          let endpoint: ExternalEndpoint;
          try {
            endpoint = endpointAt(baseUrl);
          } catch (error) {
            expect(error).toBeInstanceOf(RangeError);
            expect((error as Error).message).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
            return;
          }
          const { protocol, username, password, hostname, origin } = new URL(baseUrl);
          expect([protocol, username, password]).toEqual(["https:", "", ""]);
          expect(hostname).not.toBe("");
          expect([endpoint.origin, endpoint.host()]).toEqual([origin, hostname]);
          expect(baseUrl).not.toMatch(/[\s\p{C}\\]/u);
        },
      ),
      { numRuns: 3_000 },
    );
  });

  it.each([
    "",
    " ",
    "\n\t",
    "\u200b\u2060",
    "\u{e0041}",
    "\u3164",
    "\u115f\u1160",
    "\ufe0f",
    "a\0",
    "a\ud800",
  ])("is not made with the name %j, which shows nothing or cannot be shown", (name) => {
    expect(() => endpointAt("https://host", name)).toThrow(RangeError);
  });

  it("shows the kind of a secret that was passed for a SecretRef, never the secret", () => {
    const endpointOf = (secret: unknown) => () =>
      new ExternalEndpoint({ name: "api", baseUrl: "https://host", secret: secret as SecretRef });
    for (const given of [
      TOKEN,
      [TOKEN],
      { envVar: [TOKEN] },
      { toString: () => TOKEN },
      new Error(TOKEN),
      Symbol(TOKEN),
      Object.create({ envVar: TOKEN }),
    ]) {
      const error = thrownBy(endpointOf(given));
      expect(error).toBeInstanceOf(TypeError);
      expect(printed(error)).not.toContain(TOKEN);
    }
    const error = thrownBy(endpointOf({ envVar: TOKEN }));
    expect(error).toBeInstanceOf(RangeError);
    expect(printed(error)).not.toContain(TOKEN);
  });

  it("reads a look-alike of a SecretRef by its field", () => {
    for (const secret of [{ envVar: "API_KEY" }, structuredClone(new SecretRef("API_KEY"))]) {
      const endpoint = new ExternalEndpoint({
        name: "api",
        baseUrl: "https://host",
        secret: secret as SecretRef,
      });
      expect(endpoint.secret).toEqual(new SecretRef("API_KEY"));
      expect(endpoint.bearer({ API_KEY: TOKEN })).toBe(`Bearer ${TOKEN}`);
    }
  });
});

describe("ExternalEndpoint: bearer", () => {
  it("is the secret, looked up each time and kept nowhere", () => {
    const endpoint = endpointAt("https://host");
    expect(endpoint.bearer({ API_KEY: TOKEN })).toBe(`Bearer ${TOKEN}`);
    expect(endpoint.bearer(() => "other")).toBe("Bearer other");
    expect(printed(endpoint)).not.toContain(TOKEN);
    expect(() => endpoint.bearer({})).toThrow(SecretMissingError);
  });
});

describe("SecretRef", () => {
  it.each(["KEY", "_", "a", "a1_B2", "x".repeat(200), "constructor", "__proto__", "toString"])(
    "names %s",
    (envVar) => {
      expect(new SecretRef(envVar).envVar).toBe(envVar);
    },
  );

  // A key has both cases and digits, and at least twenty characters.
  it.each(["A".repeat(19) + "1", "a".repeat(19) + "1", "aA".repeat(10), "aA1".repeat(6) + "a"])(
    "takes %s for a name",
    (envVar) => {
      expect(new SecretRef(envVar).envVar).toBe(envVar);
    },
  );

  it.each(["aA1".repeat(6) + "aA", "A1" + "a".repeat(18), "1".repeat(18).replace(/^/, "a") + "A"])(
    "takes %s for a key",
    (envVar) => {
      expect(() => new SecretRef(envVar)).toThrow("what was given is not shown");
    },
  );

  it.each([
    "",
    " ",
    "1KEY",
    "KEY ",
    "KEY\n",
    "A-B",
    "A.B",
    "A=B",
    "ÄRGER",
    "ſ",
    "\u212a",
    "x".repeat(201),
    `sk-${TOKEN}`,
    `Bearer ${TOKEN}`,
    `${TOKEN}=`,
    `-----BEGIN PRIVATE KEY-----\n${TOKEN}`,
  ])("%j is no name, and is not shown", (envVar) => {
    const error = thrownBy(() => new SecretRef(envVar));
    expect(error).toBeInstanceOf(RangeError);
    expect(printed(error)).not.toContain(TOKEN);
    if (envVar.length > 3) expect(printed(error)).not.toContain(envVar);
  });

  it.each<[string, EnvLookup]>([
    ["a function", (name) => (name === "API_KEY" ? TOKEN : undefined)],
    ["an object", { API_KEY: TOKEN }],
    ["a Worker's env", { API_KEY: TOKEN, BUCKET: { get: () => null }, DB: Env }],
    ["an object without a prototype", Object.assign(Object.create(null) as object, { API_KEY: TOKEN })],
    ["a frozen object", Object.freeze({ API_KEY: TOKEN })],
    ["an instance", new Env() as unknown as EnvLookup],
    ["a proxy", new Proxy({ API_KEY: TOKEN }, {})],
    ["a getter", Object.defineProperty({}, "API_KEY", { get: () => TOKEN })],
  ])("resolves from %s", (_, env) => {
    expect(secret.resolve(env)).toBe(TOKEN);
  });

  it("resolves from process.env by default", () => {
    vi.stubEnv("API_KEY", TOKEN);
    expect(secret.resolve()).toBe(TOKEN);
    expect(secret.resolve(undefined)).toBe(TOKEN);
    // An environment that was passed is the only one that is asked.
    expect(() => secret.resolve({})).toThrow(SecretMissingError);
    expect(() => secret.resolve(() => undefined)).toThrow(SecretMissingError);
  });

  it.each<[string, unknown, string?]>([
    ["no process", undefined],
    ["no env", {}],
    ["an env that is null", { env: null }],
    ["an env of text", { env: TOKEN }, "process.env must be a function or an object; got a string"],
    [
      "an env that may not be read",
      {
        env: new Proxy(
          {},
          {
            getOwnPropertyDescriptor: () => {
              throw new Error("denied");
            },
          },
        ),
      },
      "denied",
    ],
    [
      "an env that throws",
      {
        get env() {
          throw new Error("denied");
        },
      },
      "denied",
    ],
  ])("is missing in a runtime with %s", (_, runtime, cause) => {
    vi.stubGlobal("process", runtime);
    const error = thrownBy(() => secret.resolve());
    vi.unstubAllGlobals();
    expect(error).toBeInstanceOf(SecretMissingError);
    expect((error as SecretMissingError).cause).toEqual(
      cause === undefined ? undefined : expect.objectContaining({ message: cause }),
    );
    expect(printed(error)).not.toContain(TOKEN);
  });

  it.each<[string, unknown]>([
    ["nothing", {}],
    ["an empty string", { API_KEY: "" }],
    ["white space", { API_KEY: " \t\r\n\u00a0\u3000\ufeff" }],
    ["undefined", { API_KEY: undefined }],
    ["null", { API_KEY: null }],
    ["a number", { API_KEY: 5 }],
    ["a boxed string", { API_KEY: Object(TOKEN) as unknown }],
    ["a list", { API_KEY: [TOKEN] }],
    ["a promise", { API_KEY: Promise.resolve(TOKEN) }],
    ["what makes text of itself", { API_KEY: { toString: () => TOKEN } }],
    ["another case", { api_key: TOKEN }],
    ["an inherited field", Object.create({ API_KEY: TOKEN })],
    ["a map", new Map([["API_KEY", TOKEN]])],
    ["a function that answers with a promise", () => Promise.resolve(TOKEN)],
    ["a function that answers with nothing", () => undefined],
    ["a list of pairs", [["API_KEY", TOKEN]]],
  ])("is missing when there is %s, and the error says only its name", (_, env) => {
    const error = thrownBy(() => secret.resolve(env as EnvLookup));
    expect(error).toBeInstanceOf(SecretMissingError);
    expect(isDispatchError(error, "secret_missing")).toBe(true);
    expect(error).toMatchObject({ envVar: "API_KEY", subject: "API_KEY" });
    expect(printed(error)).not.toContain(TOKEN);
  });

  it.each([null, TOKEN, 5, true, Symbol(TOKEN), 5n])("%s is no environment", (env) => {
    const error = thrownBy(() => secret.resolve(env as never));
    expect(error).toBeInstanceOf(TypeError);
    expect(printed(error)).not.toContain(TOKEN);
  });

  it.each(["constructor", "__proto__", "toString", "hasOwnProperty", "valueOf"])(
    "%s is no secret by being inherited, and is one by being there",
    (name) => {
      const ref = new SecretRef(name);
      expect(() => ref.resolve({})).toThrow(SecretMissingError);
      expect(() => ref.resolve()).toThrow(SecretMissingError);
      const own = JSON.parse(`{"${name}":"k-1"}`) as EnvLookup;
      expect(ref.resolve(own)).toBe("k-1");
    },
  );

  it("is missing though a prototype is polluted with it", () => {
    const polluted = Object.prototype as { API_KEY?: string };
    try {
      polluted.API_KEY = TOKEN;
      for (const env of [{}, undefined, Object.create(null) as EnvLookup]) {
        expect(() => secret.resolve(env)).toThrow(SecretMissingError);
      }
    } finally {
      delete polluted.API_KEY;
    }
  });

  it("reads a getter once", () => {
    let reads = 0;
    const env = {
      get API_KEY() {
        return reads++ === 0 ? TOKEN : "line\nbreak";
      },
    };
    expect(secret.resolve(env)).toBe(TOKEN);
    expect(reads).toBe(1);
  });

  it.each(["\n", "\r", "\r\n", "\u0000", "\t", "\u001b[31m", "\u007f", "\u0085", "\u2028", "\u2029"])(
    "with %j in it is refused without being shown, wherever it stands",
    (bad) => {
      for (const value of [
        `${TOKEN}${bad}`,
        `${bad}${TOKEN}`,
        `${TOKEN}${bad}${TOKEN}`,
        `${TOKEN}${bad}X-Admin: 1`,
      ]) {
        for (const env of [{ API_KEY: value }, () => value]) {
          for (const call of [() => secret.resolve(env), () => endpointAt("https://host").bearer(env)]) {
            const error = thrownBy(call);
            expect(error).toBeInstanceOf(RangeError);
            expect((error as Error).message).toContain("API_KEY");
            expect(printed(error)).not.toContain(TOKEN);
          }
        }
      }
    },
  );

  it("shows the name only, however it is printed", () => {
    secret.resolve({ API_KEY: TOKEN });
    expect(printed(secret)).not.toContain(TOKEN);
    expect(JSON.parse(JSON.stringify(secret))).toEqual({ envVar: "API_KEY" });
  });

  it("gives a secret that can stand in a header, or none at all", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 8 }), (value) => {
        let found: string;
        try {
          found = secret.resolve({ API_KEY: value });
        } catch (error) {
          expect(error instanceof RangeError || error instanceof SecretMissingError).toBe(true);
          return;
        }
        expect(found).toBe(value);
        expect(found.trim()).not.toBe("");
        expect(found).not.toMatch(/[\p{Cc}\p{Zl}\p{Zp}]/u);
      }),
      { numRuns: 2_000 },
    );
  });
});

/** What must never stand in a line: it breaks, colours, reorders or hides. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/u;

function lineOf(name: string, detail?: string | null): string {
  const lines: string[] = [];
  logEgress(endpointAt("https://api.example.com/v1", name), {
    ...(detail === undefined ? {} : { detail }),
    log: (line) => lines.push(line),
  });
  expect(lines).toHaveLength(1);
  return lines[0] ?? "";
}

/** Reads a line back: the test's own reader, by the format alone. */
function fieldsOf(line: string): Record<string, string> {
  const field = /(?:^egress| )(?: )?([a-z]+)="((?:[^"\\]|\\\\|\\"|\\n|\\u\{[0-9a-f]+\})*)"/guy;
  const found: Record<string, string> = {};
  let end = 0;
  for (let match = field.exec(line); match !== null; match = field.exec(line)) {
    const [whole, key = "", value = ""] = match;
    expect(Object.hasOwn(found, key), `two of ${key}`).toBe(false);
    found[key] = value.replace(/\\(?:u\{([0-9a-f]+)\}|(.))/gu, (_, hex: string | undefined, char: string) =>
      hex === undefined ? (char === "n" ? "\n" : char) : String.fromCodePoint(parseInt(hex, 16)),
    );
    end += whole.length;
  }
  expect(end, line).toBe(line.length);
  return found;
}

/** Any text, lone surrogates included, and much of what means something in a line. */
const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '"',
      "\\",
      "\\\\",
      "\n",
      "\r\n",
      " ",
      "=",
      "n",
      "u{a}",
      "{",
      "}",
      '" detail="',
      ' host="',
      "egress",
    ),
    fc.constantFrom(
      "\u001b[31m",
      "\u0000",
      "\u2028",
      "\u2029",
      "\u202e",
      "\u2066",
      "\u200b",
      "\ufeff",
      "\u{e0041}",
      "\u0085",
    ),
    fc.nat(0xffff).map((unit) => String.fromCharCode(unit)),
    fc.nat(0x10ffff).map((point) => String.fromCodePoint(point)),
  ),
  maxLength: 12,
});
/** A name is well-formed, and says something. */
const name = text.map((part) => `n${part.replace(/\p{Cs}|\0/gu, "")}`);

describe("logEgress", () => {
  it("writes the name, the host and the detail, and returns what it has logged", () => {
    const log = vi.fn<(...args: readonly unknown[]) => string>(() => "ignored");
    const event = logEgress(endpointAt("https://API.example.com:8443/v1"), { detail: "job 42", log });
    const expected = { event: "egress", name: "api", host: "api.example.com", detail: "job 42" };
    expect(event).toEqual(expected);
    expect(Object.isFrozen(event)).toBe(true);
    expect(log.mock.calls).toEqual([['egress name="api" host="api.example.com" detail="job 42"', expected]]);
    expect(log.mock.calls[0]?.[1]).toBe(event);
  });

  it("leaves out a detail that is not there, and keeps an empty one", () => {
    expect(lineOf("api")).toBe('egress name="api" host="api.example.com"');
    expect(lineOf("api", null)).toBe('egress name="api" host="api.example.com"');
    expect(lineOf("api", "")).toBe('egress name="api" host="api.example.com" detail=""');
  });

  it.each([
    ["a line break", "a\nb", String.raw`a\nb`],
    ["CR LF", "a\r\nb", String.raw`a\u{d}\nb`],
    ["a backslash and an n", String.raw`a\nb`, String.raw`a\\nb`],
    ["an escape that was there", String.raw`\u{a}`, String.raw`\\u{a}`],
    ["a quote", 'a" host="b', String.raw`a\" host=\"b`],
    ["a backslash before a quote", String.raw`a\"`, String.raw`a\\\"`],
    ["a backslash at the end", "a\\", String.raw`a\\`],
    ["a tab", "a\tb", String.raw`a\u{9}b`],
    ["NUL", "a\0b", String.raw`a\u{0}b`],
    ["an ANSI escape", "\u001b[31mred\u001b[0m", String.raw`\u{1b}[31mred\u{1b}[0m`],
    ["an 8-bit ANSI escape", "\u009b31m", String.raw`\u{9b}31m`],
    ["a backspace", "a\bb", String.raw`a\u{8}b`],
    ["NEL", "a\u0085b", String.raw`a\u{85}b`],
    ["U+2028 and U+2029", "\u2028\u2029", String.raw`\u{2028}\u{2029}`],
    ["bidi marks", "\u202eevil\u2066\u200f\u061c", String.raw`\u{202e}evil\u{2066}\u{200f}\u{61c}`],
    ["zero-width characters", "a\u200b\u200d\u2060\ufeffb", String.raw`a\u{200b}\u{200d}\u{2060}\u{feff}b`],
    ["a soft hyphen", "a\u00adb", String.raw`a\u{ad}b`],
    ["tag characters", "\u{e0041}\u{e007f}", String.raw`\u{e0041}\u{e007f}`],
    ["lone surrogates", "\ud800a\udc00", String.raw`\u{d800}a\u{dc00}`],
    ["private use", "\ue000", String.raw`\u{e000}`],
    ["what is no character", "\uffff\u{10ffff}", String.raw`\u{ffff}\u{10ffff}`],
    ["other scripts, accents and emoji", "Zoë 東京 🚀 é", "Zoë 東京 🚀 é"],
  ])("shows %s so that it changes no line", (_, detail, shown) => {
    expect(lineOf("api", detail)).toBe(`egress name="api" host="api.example.com" detail="${shown}"`);
    // A name holds neither NUL nor a lone surrogate.
    if (/[\0\p{Cs}]/u.test(detail)) expect(() => lineOf(`a${detail}`)).toThrow(RangeError);
    else expect(lineOf(`a${detail}`)).toBe(`egress name="a${shown}" host="api.example.com"`);
  });

  it("shows what no font draws, which two lines that look the same could hide behind", () => {
    // Default_Ignorable_Code_Point that is no format character: fillers, joiners, variation selectors.
    for (const hidden of ["\u034f", "\u115f", "\u3164", "\uffa0", "\ufe0f", "\u{e0100}"]) {
      expect(lineOf("api", `a${hidden}b`)).not.toContain(hidden);
    }
  });

  it("writes exactly one printable line, whatever the name and the detail", () => {
    fc.assert(
      fc.property(name, text, (called, detail) => {
        const line = lineOf(called, detail);
        expect(line).not.toMatch(UNPRINTABLE);
        expect(line.startsWith('egress name="n')).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  it("can be read back: name, host and detail are what was given", () => {
    fc.assert(
      fc.property(name, fc.option(text), (called, detail) => {
        expect(fieldsOf(lineOf(called, detail))).toEqual({
          name: called,
          host: "api.example.com",
          ...(detail === null ? {} : { detail }),
        });
      }),
      { numRuns: 2_000 },
    );
  });

  it("is not forged: two different pairs of name and detail are two different lines", () => {
    const few = fc.string({
      unit: fc.constantFrom('"', "\\", "\n", "n", " ", "u{a}", '" detail="'),
      maxLength: 3,
    });
    fc.assert(
      fc.property(few, fc.option(few), few, fc.option(few), (a, detailA, b, detailB) => {
        const same = a === b && detailA === detailB;
        expect(lineOf(`n${a}`, detailA) === lineOf(`n${b}`, detailB)).toBe(same);
      }),
      { numRuns: 2_000 },
    );
  });

  it("gives an event of printable strings, however it is made", () => {
    fc.assert(
      fc.property(name, fc.option(text), (called, detail) => {
        const event = logEgress(endpointAt("https://host", called), { detail, log: () => null });
        expect(Object.values(event).join("")).not.toMatch(UNPRINTABLE);
        expect(Object.isFrozen(event)).toBe(true);
      }),
      { numRuns: 1_000 },
    );
  });

  it("quotes a host that a URL can have and a shell would not like", () => {
    const lines: string[] = [];
    logEgress(endpointAt('https://a"b'), { log: (line) => lines.push(line) });
    expect(lines).toEqual([String.raw`egress name="api" host="a\"b"`]);
  });

  it("throws what log throws: no record, no call", () => {
    const failure = new Error("the disk is full");
    const log = (): never => {
      throw failure;
    };
    expect(thrownBy(() => logEgress(endpointAt("https://host"), { log }))).toBe(failure);
    for (const thrown of [undefined, null, "text", 5]) {
      const throws = (): never => {
        // What others throw is not ours to choose.
        throw thrown as unknown as Error;
      };
      expect(thrownBy(() => logEgress(endpointAt("https://host"), { log: throws }))).toBe(thrown);
    }
  });

  it("warns on the console by default, with the line alone", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const endpoint = endpointAt("https://host", "100% %s %o");
    for (const options of [undefined, {}, { log: undefined }, { detail: null }]) logEgress(endpoint, options);
    expect(warn.mock.calls).toEqual([1, 2, 3, 4].map(() => ['egress name="100% %s %o" host="host"']));
    logEgress(endpoint, { detail: "%c", log: () => null });
    expect(warn).toHaveBeenCalledTimes(4);
  });

  it("throws if the console does", () => {
    vi.spyOn(console, "warn").mockImplementation(() => {
      throw new Error("closed");
    });
    expect(() => logEgress(endpointAt("https://host"))).toThrow("closed");
  });

  it("logs nothing when an option is wrong", () => {
    const log = vi.fn();
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const endpoint = endpointAt("https://host");
    for (const options of [
      { detail: 5, log },
      { detail: Symbol(TOKEN), log },
      { detail: [TOKEN], log },
      { details: TOKEN, log },
      { log: null },
      { log: TOKEN },
      null,
      TOKEN,
      [],
      log,
    ]) {
      const error = thrownBy(() => logEgress(endpoint, options as never));
      expect(error).toBeInstanceOf(TypeError);
      expect(printed(error)).not.toContain(TOKEN);
    }
    for (const other of [
      { ...endpoint },
      { ...endpoint, host: () => "safe" },
      new Proxy(endpoint, {}),
      Object.create(endpoint),
      null,
    ]) {
      expect(() => logEgress(other as ExternalEndpoint, { log })).toThrow(TypeError);
    }
    expect(log).not.toHaveBeenCalled();
    expect(warn).not.toHaveBeenCalled();
  });

  it("never writes the secret: it never has it", () => {
    vi.stubEnv("API_KEY", TOKEN);
    const lines: unknown[] = [];
    const endpoint = endpointAt("https://host");
    endpoint.bearer();
    const event = logEgress(endpoint, { detail: "job 42", log: (...logged) => lines.push(...logged) });
    expect([event, ...lines].map(printed).join("\n")).not.toContain(TOKEN);
  });
});

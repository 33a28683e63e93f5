import { readFileSync } from "node:fs";
import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { thrownBy } from "./with-hold-support.ts";

const env = { API_KEY: "k-1" };
const log = () => null;

function endpointAt(baseUrl: string): ExternalEndpoint {
  return new ExternalEndpoint({ name: "api", baseUrl, secret: new SecretRef("API_KEY") });
}

/** Where a request for this path goes; `null` if it is refused, and then nothing was sent. */
async function target(baseUrl: string, path: string): Promise<string | null> {
  let asked: string | null = null;
  const fetch = (url: string): Promise<Response> => {
    asked = url;
    return Promise.resolve(new Response("ok"));
  };
  const error: unknown = await egressFetch(endpointAt(baseUrl), path, {}, { env, log, fetch }).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error === null) return asked;
  expect(error).toBeInstanceOf(RangeError);
  expect((error as Error).cause).toBeUndefined();
  // What was refused may be somebody's secret.
  if (path.length > 12) expect(String((error as Error).stack)).not.toContain(path);
  expect(asked).toBeNull();
  return null;
}

/** What every server makes of it lies below the base path, also one that decodes once or twice more. */
function staysBelow(url: string, baseUrl: string): boolean {
  const base = new URL(baseUrl);
  const prefix = base.pathname.replace(/\/+$/, "");
  return [url, decodeURI(url), url.replaceAll(/%2[ef]|%5c/gi, (code) => decodeURIComponent(code))].every(
    (seen) => {
      const { origin, pathname, username, password, hash } = new URL(seen);
      const inside = pathname === prefix || pathname.startsWith(`${prefix}/`);
      return origin === base.origin && inside && username + password + hash === "";
    },
  );
}

describe("egressFetch: where a path leads", () => {
  it.each([
    ["https://api.example.com/v1", "chat/completions", "https://api.example.com/v1/chat/completions"],
    ["https://api.example.com/v1", "/chat/completions", "https://api.example.com/v1/chat/completions"],
    ["https://api.example.com/v1/", "chat", "https://api.example.com/v1/chat"],
    ["https://api.example.com/v1///", "chat", "https://api.example.com/v1/chat"],
    [
      "https://API.example.com:443",
      "/v1/messages?beta=true",
      "https://api.example.com/v1/messages?beta=true",
    ],
    ["https://api.example.com:8443/a/../b", "c", "https://api.example.com:8443/b/c"],
    ["https://api.example.com/v1", "files/", "https://api.example.com/v1/files/"],
    ["https://api.example.com/v1", "", "https://api.example.com/v1"],
    ["https://api.example.com/v1", "/", "https://api.example.com/v1/"],
    ["https://api.example.com/v1", "?a=1", "https://api.example.com/v1?a=1"],
    ["https://api.example.com", "", "https://api.example.com"],
    ["https://api.example.com", "?a=1", "https://api.example.com?a=1"],
    [
      "https://generativelanguage.googleapis.com/v1beta",
      "models/gemini-2.5-flash:streamGenerateContent?alt=sse",
      "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse",
    ],
    ["https://api.example.com/v1", "a%20b/%C3%BC", "https://api.example.com/v1/a%20b/%C3%BC"],
    ["https://api.example.com/v1", "v..2/..x/y...", "https://api.example.com/v1/v..2/..x/y..."],
    ["https://api.example.com/v1", "q?next=%2F..%2F", "https://api.example.com/v1/q?next=%2F..%2F"],
    // Appended, not joined as URLs are: neither of these is a host.
    ["https://api.example.com/v1", "@evil.example", "https://api.example.com/v1/@evil.example"],
    ["https://api.example.com", "@evil.example", "https://api.example.com/@evil.example"],
    ["https://api.example.com", ".evil.example", "https://api.example.com/.evil.example"],
    ["https://api.example.com", "/:80", "https://api.example.com/:80"],
  ])("%s and %j: %s", async (baseUrl, path, url) => {
    expect(await target(baseUrl, path)).toBe(url);
    expect(staysBelow(url, baseUrl)).toBe(true);
  });

  it.each([
    // Somewhere else.
    "https://evil.example/x",
    "HTTPS://evil.example",
    "http://169.254.169.254/latest/meta-data/",
    "https:evil.example",
    "https:/evil.example",
    "javascript:alert(1)",
    "data:text/plain,x",
    "file:///etc/passwd",
    "//evil.example/x",
    "///evil.example",
    "/\t/evil.example",
    "/\n/evil.example",
    "\\\\evil.example",
    "/\\evil.example",
    "\\evil",
    "/x\\y",
    "/x%5cy",
    "/x%5Cy",
    "x//y",
    "x//",
    "/x//evil.example",
    "?a=\\",
    "https://api.example.com@evil.example/",
    "https://api.example.com/v1/chat",
    " https://evil.example",
    "\u0000https://evil.example",
    // Up and out.
    "..",
    ".",
    "../admin",
    "/../admin",
    "x/../../admin",
    "x/..",
    "x/.",
    "./x",
    "%2e%2e/admin",
    "%2E%2e/admin",
    ".%2e/admin",
    "%2e./admin",
    "x/%2e%2e/%2e%2e/admin",
    "..%2fadmin",
    "..%2Fadmin",
    "x%2f..%2fadmin",
    "%252e%252e/admin",
    "%252e%252e%252fadmin",
    "x%252f",
    "%25",
    "..;/admin",
    "..;a=b/admin",
    ".;/admin",
    "%c0%ae%c0%ae/admin",
    "%c0%afadmin",
    "%e0%80%ae/admin",
    "%ff",
    "\uff0e\uff0e/admin",
    "%ef%bc%8e%ef%bc%8e/admin",
    "x%ef%bc%8fadmin",
    "x%ef%bc%bcadmin",
    "%e2%80%a5/admin",
    "x%e2%80%ae",
    // Fragments, white space, what is not plain, what no encoding is.
    "x#y",
    "#",
    "x?y#z",
    "x y",
    "x ",
    " x",
    "x\u00a0y",
    "x\r\nHost: evil.example",
    "x?a=\r\nX-Api-Key: k",
    "x%0d%0aHost:%20evil.example",
    "x%0aSet-Cookie:a=b",
    "x%00",
    "x%7f",
    "x%e2%80%a8y",
    "x\u0000",
    "x\u2028y",
    "x\ud800",
    "ü",
    "😀",
    "x%",
    "x%2",
    "x%zz",
    "x?y=%",
    "x<y",
    'x"y',
    "x`y",
    "x{y}",
    "x|y",
    "x^y",
    "x[y]",
    "x?a='b'",
    "x?a=[1]",
  ])("%j is refused, unseen, and nothing is sent", async (path) => {
    expect(await target("https://api.example.com/v1", path)).toBeNull();
    expect(await target("https://api.example.com", path)).toBeNull();
  });

  it("no input of the WHATWG URL tests leads elsewhere", async () => {
    const inputs = JSON.parse(
      readFileSync(new URL("../vectors/wpt-urls.json", import.meta.url), "utf8"),
    ) as string[];
    expect(inputs.length).toBe(794);
    let sent = 0;
    let wouldLeave = 0;
    for (const input of inputs) {
      for (const base of ["https://api.example.com/v1/x", "https://api.example.com"]) {
        const url = await target(base, input);
        if (url === null) continue;
        sent++;
        expect(staysBelow(url, base), url).toBe(true);
        expect(url.endsWith(input), url).toBe(true);
      }
      // How many of them a URL joined as usual would follow: without some, these are no test.
      const base = "https://api.example.com/v1/x";
      const joined = URL.canParse(input, base) ? new URL(input, base) : null;
      if (joined && !joined.href.startsWith("https://api.example.com/v1/")) wouldLeave++;
    }
    expect(sent).toBeGreaterThan(50);
    expect(wouldLeave).toBeGreaterThan(300);
  });

  it("nor does any path of pieces that have led elsewhere before", async () => {
    const piece = fc.constantFrom(
      ...["/", "//", "\\", ".", "..", "%2e", "%2f", "%5c", "%25", "@", ":", "?", "#", ";", "a", "https:"],
      ...["evil.example", "%c0%ae", "\t", "\r\n", "\u0000", "．", "／", "%EF%BC%8F", "‥", "[", "80"],
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), async (pieces) => {
        const url = await target("https://api.example.com/v1", pieces.join(""));
        if (url !== null)
          expect(staysBelow(url.replace(/\?.*/s, ""), "https://api.example.com/v1")).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([
    "https://api.example.com/v1?key=k",
    "https://api.example.com/v1#x",
    "https://api.example.com?a=b",
  ])("a baseUrl of more than an origin and a path is refused", async (baseUrl) => {
    expect(await target(baseUrl, "chat")).toBeNull();
  });

  it("what only looks like an endpoint is refused", async () => {
    const lookalike = { ...endpointAt("https://api.example.com"), baseUrl: "https://evil.example" };
    expect(await thrownBy(egressFetch(lookalike as unknown as ExternalEndpoint, "x"))).toBeInstanceOf(
      TypeError,
    );
    class Elsewhere extends ExternalEndpoint {
      override get baseUrl(): string {
        return "https://evil.example/v1";
      }
    }
    const moved = new Elsewhere({
      name: "api",
      baseUrl: "https://api.example.com",
      secret: new SecretRef("API_KEY"),
    });
    expect(await thrownBy(egressFetch(moved, "x", {}, { env, log }))).toBeInstanceOf(RangeError);
    expect(await thrownBy(egressFetch(moved, 5 as unknown as string, {}, { env, log }))).toBeInstanceOf(
      Error,
    );
  });
});

import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { env } from "./egress-fetch-support.ts";
import { thrownBy } from "./with-hold-support.ts";

const base = "https://api.example.com/v1";
const endpoint = new ExternalEndpoint({ name: "api", baseUrl: base, secret: new SecretRef("API_KEY") });

/** Where a request for this path goes, or the error; nothing was sent then. */
async function target(path: string): Promise<unknown> {
  let asked: string | null = null;
  const fetch = (url: string): Promise<Response> => {
    asked = url;
    return Promise.resolve(new Response("ok"));
  };
  const error = await thrownBy(
    egressFetch(endpoint, path, {}, { env, log: () => null, fetch }).then(() => null),
  ).catch(() => null);
  if (error !== null) expect(asked).toBeNull();
  return error ?? asked;
}

const encoded = (text: string) => encodeURIComponent(text).replaceAll(".", "%2E");

/** White space of every sort, and characters that nobody sees. */
const REMOVED = [
  ...[
    " ",
    "\u00a0",
    "\u1680",
    "\u2000",
    "\u2003",
    "\u2007",
    "\u200a",
    "\u202f",
    "\u205f",
    "\u3000",
    "\ufeff",
  ],
  ...["\t", "\n", "\v", "\f", "\r", "\u0085", "\u2028", "\u2029", "\u0000", "\u007f"],
  ...[
    "\u00ad",
    "\u034f",
    "\u115f",
    "\u1160",
    "\u180b",
    "\u180e",
    "\u200b",
    "\u200d",
    "\u200e",
    "\u202e",
    "\u2060",
  ],
  ...["\u2064", "\u3164", "\ufe0f", "\uffa0", "\u{e0001}", "\u{e0100}"],
];
/** Dots, and what NFKC makes one or more of. */
const DOTS = [
  ".",
  "..",
  "...",
  "....",
  "\uff0e\uff0e",
  "\ufe52.",
  "\u2024\u2024",
  "\u2025",
  "\u2026",
  "\ufe19",
  "\ufe30",
];

describe("egressFetch: what a server could trim to a dot segment", () => {
  it.each(DOTS)("%s is refused, with whatever around it that is removed", async (dots) => {
    const removed = [...REMOVED, "+", " +\u00a0", ";", ";a", ";a=b;c", " ;a", ":", ":generate", " :x"];
    const paths = ["", ...removed].flatMap((more) => {
      const both = /^[;:]/.test(more.trim()) ? [dots + more] : [dots + more, more + dots, more + dots + more];
      return [...both, ...both.map((segment) => `${segment};v=1`)].flatMap((segment) => [
        encoded(segment),
        segment,
      ]);
    });
    for (const segment of paths) {
      for (const path of [segment, `/${segment}`, `${segment}/x`, `x/${segment}`, `x/${segment}/y`]) {
        expect(await target(path), JSON.stringify(path)).toBeInstanceOf(RangeError);
      }
    }
  });

  it.each([
    "..%20",
    "..%C2%A0",
    "%20..",
    ".%20.",
    "..%E3%80%80",
    "..+",
    "+..",
    "..%3Ba",
    "..%20;a",
    "%EF%BC%8E%EF%BC%8E%20",
  ])("%s/x is refused", async (segment) => {
    expect(await target(`${segment}/x`)).toBeInstanceOf(RangeError);
  });

  it.each(REMOVED)(
    "a segment of only %j, or with a parameter, is refused as an empty one",
    async (removed) => {
      for (const segment of [removed, removed + removed, `${removed};a`, ";", ";a=b"]) {
        expect(await target(`x/${encoded(segment)}/y`)).toBeInstanceOf(RangeError);
      }
    },
  );

  it.each(["\u00a5", "\u20a9", "\u2044", "\u2215", "\u2216", "\u29f5", "\uff0f", "\uff3c", "\ufe68"])(
    "dots around %s, which may become a slash, are refused",
    async (slash) => {
      for (const text of [`..${slash}x`, `x${slash}..`, `x${slash}..${slash}y`, `x${slash} .. ${slash}y`]) {
        expect(await target(encodeURIComponent(text))).toBeInstanceOf(RangeError);
      }
    },
  );

  it.each([
    ...[
      "a%20b",
      "%20a",
      "a%20",
      "v1.5",
      ".well-known",
      "..x",
      "x..",
      "x...",
      "gpt-4o.mini",
      "a+b",
      "c++",
      "+1",
    ],
    ...[
      "models/x:generateContent",
      "x;v=1",
      "x:..",
      "%C2%A5100",
      "1%E2%81%842",
      "a%EF%B8%8F",
      "me%40example.com",
    ],
    ...[
      "accounts/fireworks/models/llama-v3p1-8b",
      "ft:gpt-4o:org::id",
      "@cf/meta/llama",
      "%E2%9C%93",
      "~user",
      "*",
    ],
  ])("%s is sent as it is", async (path) => {
    expect(await target(`/${path}`)).toBe(`${base}/${path}`);
  });
});

describe("egressFetch: AWS names", () => {
  const account = "arn:aws:bedrock:us-east-1:123456789012";
  it.each([
    `${account}:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0`,
    `${account}:application-inference-profile/a1b2c3`,
    `${account}:provisioned-model/abc`,
    `${account}:custom-model/amazon.titan-text-lite-v1:0:4k/abcdef`,
    `${account}:prompt/ABC123:1`,
    "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0",
    "arn:aws-us-gov:bedrock:us-gov-west-1:123456789012:imported-model/x",
    "arn:aws-cn:sagemaker:cn-north-1:123456789012:endpoint/my_endpoint",
  ])("%s is one segment, with its slashes encoded", async (arn) => {
    const segment = encodeURIComponent(arn);
    for (const same of [
      segment,
      segment.toLowerCase().replaceAll("%2f", "%2F"),
      segment.replaceAll("%3A", ":"),
    ]) {
      expect(await target(`model/${same}/converse`)).toBe(`${base}/model/${same}/converse`);
    }
  });

  it.each([
    ...[`${account}:x/..`, `${account}:x/../y`, `${account}:x/.`, `${account}:x/.../y`, `${account}:x/..:1`],
    ...[`${account}:x//y`, `${account}:x/`, `${account}:/x`, `${account}:x/..;a/y`, `${account}:x/.. /y`],
    ...[`${account}:x\\y`, `${account}:x/%2e%2e/y`, `${account}:x/..\u200b/y`, `${account}:x/\uff0e\uff0e/y`],
    ...[`${account}:x\uff0fy`, `${account}:x/y?a`, `${account}:x/y#a`, `${account}:x/ y`, `${account}:x/y\n`],
    ...[
      "arn:aws:bedrock/../x",
      "arn:aws/..",
      "arn:aws:x/y",
      "arn:awsx1:bedrock:us:1:x/y",
      "arn:gcp:a:b:1:x/y",
    ],
    ...["xarn:aws:bedrock:us-east-1:1:x/y", "../arn:aws:bedrock:us-east-1:1:x/y", "a/b"],
  ])("%j is refused", async (arn) => {
    expect(await target(`model/${encodeURIComponent(arn)}/converse`)).toBeInstanceOf(RangeError);
  });

  it("no segment that is sent becomes dots, whatever a server removes", async () => {
    const piece = fc.constantFrom(
      ...[
        ...REMOVED,
        ...DOTS,
        "+",
        ";",
        ":",
        "a",
        "/",
        "\\",
        "%2e",
        "arn:aws:bedrock:us-east-1:1:x/",
        "\u2215",
        "-",
      ],
    );
    const trims = /[\s\p{C}\p{DI}+]|[;:].*/gsu;
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { minLength: 1, maxLength: 6 }), async (pieces) => {
        const url = await target(`model/${encodeURIComponent(pieces.join(""))}/x`);
        if (typeof url !== "string") return;
        const seen = decodeURIComponent(new URL(url).pathname).normalize("NFKC");
        expect(seen).not.toContain("//");
        for (const segment of seen.split(/[/\\\u2215]/)) {
          expect(segment.replace(trims, "")).not.toMatch(/^\.+$/);
        }
      }),
      { numRuns: 3000 },
    );
  });
});

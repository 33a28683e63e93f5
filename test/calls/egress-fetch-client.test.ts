import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ExternalEndpoint, SecretRef, usd } from "dispatch-kit";
import { endpointFetch, withHold } from "dispatch-kit/calls";
import { memoryStore } from "dispatch-kit/memory";
import { describe, expect, it } from "vitest";
import { env, KEY, quiet, withServer } from "./egress-fetch-support.ts";
import { request, thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

function endpointAt(baseUrl: string): ExternalEndpoint {
  return new ExternalEndpoint({ name: "api", baseUrl, secret: new SecretRef("API_KEY") });
}

/** Where a client's request goes, or the error; nothing was sent then. */
async function asked(baseUrl: string, input: string | URL | Request): Promise<unknown> {
  let seen: string | null = null;
  const fetch = (url: string): Promise<Response> => {
    seen = url;
    return Promise.resolve(new Response("ok"));
  };
  const safe = endpointFetch(endpointAt(baseUrl), { env, log: () => null, fetch });
  const error: unknown = await safe(input).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (error !== null) expect(seen).toBeNull();
  return error ?? seen;
}

describe("endpointFetch: a client's URL", () => {
  const base = "https://api.example.com/v1";

  it.each([
    [base, "https://api.example.com/v1/chat/completions", "/chat/completions"],
    [base, "https://api.example.com/v1/files?a=1", "/files?a=1"],
    [base, "https://api.example.com/v1", ""],
    [base, "https://api.example.com/v1?a=1", "?a=1"],
    // As the URL parser reads them, also those of the endpoint.
    [base, "https://api.example.com:443/v1/x", "/x"],
    [base, "HTTPS://API.Example.COM:443/v1/x", "/x"],
    [base, "https://api.example.com:0443/v1/x", "/x"],
    ["https://API.example.com:443/v1/", "https://api.example.com/v1/x", "/x"],
    [base, "https://api.example.com/v1/files/ü?q=ü'", "/files/%C3%BC?q=%C3%BC%27"],
    ["https://api.example.com/ü", "https://api.example.com/ü/x", "/x", "https://api.example.com/%C3%BC"],
    [
      "https://bücher.example/v1",
      "https://xn--bcher-kva.example/v1/x",
      "/x",
      "https://xn--bcher-kva.example/v1",
    ],
    [
      base,
      "https://api.example.com/v1/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%2Fy",
      "/model/arn%3Aaws%3Abedrock%3Aus-east-1%3A1%3Ax%2Fy",
    ],
  ])("%s: %s is sent", async (baseUrl, input, path, sentTo = base) => {
    expect(await asked(baseUrl, input)).toBe(sentTo + path);
    expect(await asked(baseUrl, new URL(input))).toBe(sentTo + path);
    expect(await asked(baseUrl, new Request(input))).toBe(sentTo + path);
  });

  it("without a path of its own is sent to the origin", async () => {
    const origin = "https://api.example.com";
    expect(await asked(origin, origin)).toBe(`${origin}/`);
    expect(await asked(origin, `${origin}:443?a=1`)).toBe(`${origin}/?a=1`);
  });

  it.each([
    "https://evil.example/v1/chat",
    "http://api.example.com/v1/chat",
    "http://api.example.com:443/v1/chat",
    "https://api.example.com:444/v1/chat",
    "https://api.example.com./v1/chat",
    "https://api.example.com/v2/chat",
    "https://api.example.com/V1/chat",
    "https://api.example.com/v10/chat",
    "https://api.example.com//v1/chat",
    "https://api.example.com/v1//chat",
    "https://api.example.com/v1@evil.example",
    "https://api.example.com/v1/../v2",
    "https://api.example.com/v1/%2e%2e/v2",
    "https://api.example.com/v1/..%20/v2",
    "https://api.example.com/v1/x#y",
    "https://api.example.com:443@evil.example/v1/chat",
    "blob:https://api.example.com/v1/x",
    "data:,",
  ])("%s is refused, however it is given", async (input) => {
    expect(await asked(base, input)).toBeInstanceOf(RangeError);
    expect(await asked(base, new URL(input))).toBeInstanceOf(RangeError);
    // A Request takes no URL with credentials.
    if (!input.includes("@evil.example/")) {
      expect(await asked(base, new Request(input))).toBeInstanceOf(RangeError);
    }
  });

  it.each([
    // What the parser would remove or replace.
    "https://api.example.com/v1/a/../b",
    "https://api.example.com/v1/./b",
    "https://api.example.com/x/%2E./v1/b",
    "https:\\\\api.example.com\\v1\\x",
    "https://api.example.com/v1\\x",
    "https:/api.example.com/v1/x",
    "https:api.example.com/v1/x",
    "https:///api.example.com/v1/x",
    " https://api.example.com/v1/x",
    "https://api.example.com/v1/x ",
    "https://api.example.com/v1/a b",
    "https://api.example.com/v1/\tx",
    "https://api\n.example.com/v1/x",
    "https://user@api.example.com/v1/chat",
    "https://user:password@api.example.com/v1/chat",
    "https://@api.example.com/v1/chat",
    "https://api.example.com:99999/v1/chat",
    "/v1/chat",
    "v1/chat",
    "",
  ])("as text, %j is refused", async (input) => {
    expect(await asked(base, input)).toBeInstanceOf(RangeError);
  });

  it.each([null, undefined, 5, {}, { url: `${base}/x` }, { href: `${base}/x` }, [`${base}/x`]])(
    "%j is refused",
    async (input) => {
      // From plain JavaScript.
      expect(await asked(base, input as unknown as string)).toBeInstanceOf(TypeError);
    },
  );
});

describe("endpointFetch: a Request", () => {
  const url = () => `${at().origin}/v1/chat`;
  const safe = (input: Request, init?: RequestInit) => endpointFetch(at().endpoint(), quiet)(input, init);
  const json = () =>
    new Request(url(), {
      method: "POST",
      headers: { "content-type": "application/json", "x-team": "a", authorization: "Bearer theirs" },
      body: '{"a":1}',
    });

  it("is sent with its method, headers and body, and with the endpoint's secret", async () => {
    expect(await (await safe(json())).text()).toBe("ok");
    expect(at().seen.at(-1)).toMatchObject({
      method: "POST",
      url: "/v1/chat",
      headers: { "content-type": "application/json", "x-team": "a", authorization: `Bearer ${KEY}` },
      body: '{"a":1}',
    });
    await safe(new Request(url()));
    expect(at().seen.at(-1)).toMatchObject({ method: "GET", body: "" });
    await safe(new Request(url(), { method: "DELETE" }));
    expect(at().seen.at(-1)).toMatchObject({ method: "DELETE", body: "" });
  });

  it("is sent with a form, whose boundary is in its headers", async () => {
    const form = new FormData();
    form.set("file", new Blob(["hello"]), "a.txt");
    await safe(new Request(url(), { method: "POST", body: form }));
    const { headers, body } = at().seen.at(-1) ?? {};
    const [, boundary = "none"] = /boundary=(.+)$/.exec(headers?.["content-type"] ?? "") ?? [];
    expect(body).toContain(`--${boundary}\r\n`);
    expect(body).toContain("hello");
  });

  it("has its fields replaced by those of init, as with fetch", async () => {
    await safe(json(), { method: "PUT", headers: { "x-team": "b" }, body: "other" });
    const { method, headers, body } = at().seen.at(-1) ?? {};
    expect([method, headers?.["x-team"], headers?.["content-type"], body]).toEqual([
      "PUT",
      "b",
      "text/plain;charset=UTF-8",
      "other",
    ]);
    await safe(json(), {});
    expect(at().seen.at(-1)).toMatchObject({ method: "POST", body: '{"a":1}' });
    await safe(json(), { body: null });
    expect(at().seen.at(-1)).toMatchObject({ body: '{"a":1}' });
    // From plain JavaScript; `fetch` takes it too.
    await safe(json(), null as unknown as RequestInit);
    expect(at().seen.at(-1)).toMatchObject({ body: '{"a":1}' });
  });

  it("whose body was used is refused before it is sent, and the money is given back", async () => {
    const used = json();
    await used.text();
    const locked = json();
    locked.body?.getReader();
    for (const [index, input] of [used, locked].entries()) {
      const ledger = memoryStore();
      const holdId = `call-${String(index)}`;
      const error = await thrownBy(
        withHold(ledger, { ...request, holdId }, async ({ hold }) => {
          const answer = await endpointFetch(at().endpoint(), { ...quiet, hold })(input);
          return { value: answer, actual: usd(0) };
        }),
      );
      expect(error).toBeInstanceOf(TypeError);
      expect(await ledger.getHold(holdId)).toMatchObject({ state: "released" });
    }
    expect(arrived()).toBe(0);
    await safe(used, { body: "another" });
    expect(at().seen.at(-1)).toMatchObject({ body: "another" });
  });

  it("that gets a body although it is a GET is refused", async () => {
    expect(await thrownBy(safe(new Request(url()), { body: "x" }))).toBeInstanceOf(RangeError);
    expect(await thrownBy(safe(json(), { method: "GET" }))).toBeInstanceOf(RangeError);
    expect(arrived()).toBe(0);
  });

  it("with a body that is streamed is sent as it comes", async () => {
    const body = new Blob(["one", "two"]).stream();
    const init: RequestInit = Object.assign({ method: "POST", body }, { duplex: "half" });
    await safe(new Request(url(), init));
    expect(at().seen.at(-1)).toMatchObject({ body: "onetwo" });
  });

  it("is aborted by its signal, also if it is garbage by then; by that of init instead", async () => {
    setFlagsFromString("--expose-gc");
    const collectGarbage = runInNewContext("gc") as () => void;
    const reason = new Error("the user left");
    for (const how of ["its own", "init"]) {
      const [stop, other] = [new AbortController(), new AbortController()];
      const closed = new Promise<void>((resolve) => {
        at().answer((_, response) => {
          response.on("close", resolve);
          response.write("x");
        });
      });
      const answer = await (how === "init"
        ? safe(new Request(url(), { signal: other.signal }), { signal: stop.signal })
        : safe(new Request(url(), { signal: stop.signal })));
      for (let round = 0; round < 5; round++) {
        collectGarbage();
        await new Promise((resolve) => setImmediate(resolve));
      }
      other.abort();
      stop.abort(reason);
      expect(await thrownBy(answer.text())).toBe(reason);
      await closed;
    }
    const gone = new Request(url(), { signal: AbortSignal.abort(reason) });
    const before = arrived();
    expect(await thrownBy(safe(gone))).toBe(reason);
    expect(arrived()).toBe(before);
  });

  it.each<[string, object]>([
    ["no signal", {}],
    ["a signal of null", { signal: null }],
  ])("of a client's own class may have %s", async (_, more) => {
    const own = {
      [Symbol.toStringTag]: "Request",
      url: url(),
      method: "DELETE",
      headers: { "x-id": "7" },
      ...more,
    };
    expect(await (await safe(own as unknown as Request)).text()).toBe("ok");
    expect(at().seen.at(-1)).toMatchObject({ method: "DELETE", headers: { "x-id": "7" } });
  });

  it("of a client's own class with a signal that is none is refused before it is sent", async () => {
    const before = arrived();
    const own = { [Symbol.toStringTag]: "Request", url: url(), method: "GET", signal: "abort" };
    expect(await thrownBy(safe(own as unknown as Request))).toMatchObject({
      name: "TypeError",
      message: "egressFetch: init.signal must be an AbortSignal; got a string",
    });
    expect(arrived()).toBe(before);
  });

  it("is not aborted if init has no signal on purpose", async () => {
    const stop = new AbortController();
    const answer = await safe(new Request(url(), { signal: stop.signal }), { signal: null });
    stop.abort();
    expect(await answer.text()).toBe("ok");
  });
});

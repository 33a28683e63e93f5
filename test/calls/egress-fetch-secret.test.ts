import { ExternalEndpoint, SecretMissingError, SecretRef } from "dispatch-kit";
import { egressFetch } from "dispatch-kit/calls";
import { describe, expect, it, vi } from "vitest";
import { failure, KEY, printed, quiet, withServer } from "./egress-fetch-support.ts";
import { thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

describe("egressFetch: the secret", () => {
  it.each([
    ["a line break", `${KEY}\nX-Evil: 1`],
    ["a carriage return", `${KEY}\r\nHost: evil.example`],
    ["a NUL", `${KEY}\u0000`],
    ["what no header can hold", `${KEY}ключ`],
    ["an emoji", `${KEY}😀`],
  ])("with %s is refused unseen, and nothing is sent", async (_, secret) => {
    for (const header of [undefined, "x-api-key"]) {
      const options = { ...quiet, env: { API_KEY: secret }, ...(header !== undefined && { header }) };
      const error = await thrownBy(egressFetch(at().endpoint(), "x", {}, options));
      expect(error).toBeInstanceOf(RangeError);
      expect(printed(error)).not.toContain(KEY);
    }
    expect(arrived()).toBe(0);
  });

  it("that is not set: nothing is sent and nothing is recorded", async () => {
    const log = vi.fn();
    const error = await thrownBy(egressFetch(at().endpoint(), "x", {}, { env: {}, log }));
    expect(error).toBeInstanceOf(SecretMissingError);
    expect([log.mock.calls.length, arrived()]).toEqual([0, 0]);
  });

  it.each<[string, RequestInit["headers"]]>([
    ["a line break in a value", { "x-team": `${KEY}\r\nx-evil: 1` }],
    ["a line break in a name", { [`x-team\r\n${KEY}`]: "1" }],
    ["a NUL", { "x-team": `${KEY}\u0000` }],
    ["no name", { "": KEY }],
    ["what no header can hold", { "x-team": `${KEY}ключ` }],
    ["no pairs", [[KEY]] as unknown as [string, string][]],
  ])("headers with %s are refused unseen, and nothing is sent", async (_, headers) => {
    const error = await thrownBy(egressFetch(at().endpoint(), "x", { ...(headers && { headers }) }, quiet));
    expect(error).toBeInstanceOf(RangeError);
    expect(printed(error)).not.toContain(KEY);
    expect(arrived()).toBe(0);
  });

  it("is in no error of a fetch that puts all it knows into its own", async () => {
    const careless = (url: string, init: RequestInit) => {
      const told = { url, headers: Object.fromEntries(new Headers(init.headers)) };
      const cause = Object.assign(new Error(`refused with ${JSON.stringify(told)}`), {
        code: "ECONNREFUSED",
        told,
      });
      return Promise.reject(Object.assign(new TypeError(JSON.stringify(told), { cause }), { told }));
    };
    const error = await failure(
      egressFetch(at().endpoint(), "private-path", {}, { ...quiet, fetch: careless }),
    );
    expect(error).toMatchObject({ reason: "failed", sent: true });
    expect(error.message).toContain("ECONNREFUSED");
    const shouts = () => Promise.reject(Object.assign(new Error(KEY), { code: KEY }));
    await failure(egressFetch(at().endpoint(), "private-path", {}, { ...quiet, fetch: shouts }));
    const throws = () => {
      throw new Error(KEY);
    };
    await failure(egressFetch(at().endpoint(), "private-path", {}, { ...quiet, fetch: throws }));
    const breaks = () => {
      const body = new ReadableStream({
        pull: () => {
          throw new Error(KEY);
        },
      });
      return Promise.resolve(new Response(body));
    };
    const answer = await egressFetch(at().endpoint(), "private-path", {}, { ...quiet, fetch: breaks });
    expect(await failure(answer.text())).toMatchObject({ reason: "failed", sent: true });
  });

  it("a certificate that nobody vouches for: nothing of the request arrives", async () => {
    // By its address, which the certificate names, and by a name, which it does not.
    const endpoint = new URL(at().origin);
    endpoint.hostname = "localhost.localdomain";
    const wrong = new ExternalEndpoint({
      name: "wrong",
      baseUrl: endpoint.origin,
      secret: new SecretRef("API_KEY"),
    });
    expect(await failure(egressFetch(wrong, "x", {}, quiet))).toMatchObject({ reason: "failed" });
    expect(arrived()).toBe(0);
  });
});

import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { EgressError, egressFetch } from "dispatch-kit/calls";
import { describe, expect, it, vi } from "vitest";
import { quiet, withServer } from "./egress-fetch-support.ts";
import { thrownBy } from "./with-hold-support.ts";

const { at, arrived } = withServer();

const endpoint = new ExternalEndpoint({
  name: "local",
  baseUrl: "https://localhost/v1",
  secret: new SecretRef("API_KEY"),
});

describe("egressFetch: what plain JavaScript may give it", () => {
  it.each([null, 5, "options"])("refuses %j for options, and sends nothing", async (options) => {
    const send = vi.spyOn(globalThis, "fetch");
    // From plain JavaScript.
    await expect(egressFetch(endpoint, "models", {}, options as never)).rejects.toThrow(TypeError);
    expect(send).not.toHaveBeenCalled();
    send.mockRestore();
  });

  it.each([null, "gone", { code: 5 }, new Error("gone", { cause: { code: "ECONNRESET" } })])(
    "tells of a fetch that throws %j, and shows no more than the system's code",
    async (thrown) => {
      const options = {
        env: { API_KEY: "k" },
        log: () => null,
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- a fetch of the caller's may
        fetch: () => Promise.reject(thrown),
      };
      const error = await thrownBy(egressFetch(endpoint, "models", {}, options));
      expect(error).toBeInstanceOf(EgressError);
      expect(String(error)).not.toContain("gone");
      expect(String(error).includes("ECONNRESET")).toBe(thrown instanceof Error);
    },
  );
});

describe("egressFetch: what a fetch of the caller's may answer", () => {
  it.each<[string, unknown]>([
    ["undefined", undefined],
    ["null", null],
    ["a string", "ok"],
    ["an empty object", {}],
    ["an answer of another kind", { status: 200, headers: {}, body: null }],
    ["an error", Response.error()],
  ])("%s is no response, and the request was sent", async (_, answer) => {
    // From plain JavaScript.
    const fetch = () => Promise.resolve(answer as Response);
    const options = { env: { API_KEY: "k" }, log: () => null, fetch };
    const error = await thrownBy(egressFetch(endpoint, "models", {}, options));
    expect(error).toBeInstanceOf(EgressError);
    expect(error).toMatchObject({ sent: true });
  });
});

describe("egressFetch: its arguments", () => {
  it.each<[string, object, object, ErrorConstructor]>([
    ["a redirect of one's own", { redirect: "follow" }, {}, TypeError],
    ["an unknown option", {}, { timeout: 1 }, TypeError],
    ["a method that is none", { method: "CONNECT" }, {}, RangeError],
    ["a method that is more than one", { method: "GET /x HTTP/1.1\r\nHost: evil" }, {}, RangeError],
    ["a body of a GET", { body: "x" }, {}, RangeError],
    ["a header that frames", {}, { header: "content-length" }, RangeError],
    ["a header with a line break", {}, { header: "x-key\r\nx-evil" }, RangeError],
    ["the header host", {}, { header: "host" }, RangeError],
    ["the header cookie", {}, { header: "cookie" }, RangeError],
    ["no time", {}, { timeoutSeconds: 0 }, RangeError],
    ["more time than a timer has", {}, { timeoutSeconds: 1e7 }, RangeError],
    ["a time that is none", {}, { timeoutSeconds: NaN }, RangeError],
    ["a size that is none", {}, { maxResponseBytes: -1 }, RangeError],
    ["a hold that is none", {}, { hold: { holdId: "x" } }, TypeError],
    ["a log that is none", {}, { log: "console" }, TypeError],
    ["a fetch that is none", {}, { fetch: "fetch" }, TypeError],
    ["a controller for a signal", { signal: new AbortController() }, {}, TypeError],
  ])("%s is refused, and nothing is sent", async (_, init, options, type) => {
    const error = await thrownBy(egressFetch(at().endpoint(), "x", init, { ...quiet, ...options }));
    expect(error).toBeInstanceOf(type);
    expect(arrived()).toBe(0);
  });
});

import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { EgressError, egressFetch } from "dispatch-kit/calls";
import { describe, expect, it, vi } from "vitest";
import { thrownBy } from "./with-hold-support.ts";

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

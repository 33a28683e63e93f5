import { DispatchError } from "dispatch-kit";
import { errorType } from "dispatch-kit/telemetry";
import { describe, expect, it } from "vitest";

describe("errorType: a name and no message", () => {
  const getter = Object.defineProperty(new Error("secret"), "name", {
    get: () => {
      throw new Error("hostile");
    },
  });
  it.each([
    [new DispatchError("cap_conflict", "secret"), "cap_conflict"],
    [new TypeError("secret"), "TypeError"],
    [Object.assign(new Error("x"), { name: "a secret, with spaces" }), "_OTHER"],
    [getter, "_OTHER"],
    ["secret", "_OTHER"],
    [null, "_OTHER"],
  ])("%#", (thrown, type) => {
    expect(errorType(thrown)).toBe(type);
  });
});

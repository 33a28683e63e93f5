import { routeOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const BEDROCK = "https://bedrock-runtime.eu-west-1.amazonaws.com/model";
const ANTHROPIC = "https://api.anthropic.com/v1";

describe("routeOf: paths that fit no route", () => {
  it.each([
    ["a path that ends too early", "POST", `${BEDROCK}/m`, "bedrock"],
    ["a path that ends with a slash", "POST", `${BEDROCK}/m/`, "bedrock"],
    ["a path without a model", "POST", `${BEDROCK}//converse`, "bedrock"],
    ["a path that goes on", "POST", `${BEDROCK}/m/converse/x`, "bedrock"],
    ["a model that is no escaped text", "POST", `${BEDROCK}/%E0%A4%A/converse`, "bedrock"],
    ["a model with a second layer of escapes", "POST", `${BEDROCK}/m%252Fx/converse`, "bedrock"],
    ["an escaped slash below a free path", "GET", `${ANTHROPIC}/files/a%2Fcontent`, "anthropic"],
    ["dot segments below a free path", "GET", `${ANTHROPIC}/files/a/...`, "anthropic"],
    ["an empty segment below a free path", "GET", `${ANTHROPIC}/files/a//b`, "anthropic"],
  ])("%s is refused", (_, method, url, provider) => {
    expect(routeOf({ method, url })).toMatchObject({
      kind: "refused",
      provider,
      reason: `${provider} has no known route of this method and path`,
    });
  });

  it("the same with harmless segments fits", () => {
    expect(routeOf({ url: `${BEDROCK}/arn:aws:x%2Fm/converse` })).toMatchObject({
      kind: "bounded",
      model: "arn:aws:x/m",
    });
    expect(routeOf({ method: "GET", url: `${ANTHROPIC}/files/a/content` }).kind).toBe("free");
  });
});

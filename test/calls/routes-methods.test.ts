import { routeOf } from "dispatch-kit/calls";
import { describe, expect, it } from "vitest";

const GOOGLE = "https://generativelanguage.googleapis.com/v1beta";
const VERTEX = "https://aiplatform.googleapis.com/v1";
const GENERATE = `${GOOGLE}/models/g:generateContent`;

describe("routeOf: a method that is not the request's own", () => {
  it.each([
    ["GET", `${GOOGLE}/models?$httpMethod=POST`],
    ["GET", `${GOOGLE}/models?%24httpMethod=POST`],
    ["GET", "https://api.openai.com/v1/responses/r?_method=POST"],
    ["GET", GENERATE],
    ["GET", `${GOOGLE}/models/g%3AgenerateContent`],
    ["POST", `${GOOGLE}/models/g%3AgenerateContent:countTokens`],
    ["GET", `${GOOGLE}/batches/b:generateContent`],
    ["POST", `${GOOGLE}/batches/b:run:cancel`],
    ["GET", `${VERTEX}/publishers/google/models/g:generateContent`],
  ])("%s %s is refused", (method, url) => {
    expect(routeOf({ method, url }).kind).toBe("refused");
  });

  it.each(["X-HTTP-Method-Override", "x-http-method", "X-Method-Override", "x_http_method_override"])(
    "the header %s is refused, also where the request would be free",
    (name) => {
      const headers = { [name]: "POST" };
      expect(routeOf({ method: "GET", url: "https://api.openai.com/v1/models", headers }).kind).toBe(
        "refused",
      );
      expect(routeOf({ url: "https://api.openai.com/v1/chat/completions", headers }).kind).toBe("refused");
    },
  );

  it("takes names with a colon elsewhere, and headers of the clients", () => {
    const free = { method: "GET", url: "https://api.openai.com/v1/models/ft:gpt-4o:org::1" };
    expect(routeOf({ ...free, headers: { "x-stainless-helper-method": "stream" } }).kind).toBe("free");
    expect(routeOf({ url: `${GOOGLE}/batches/b:cancel` }).kind).toBe("free");
    expect(routeOf({ url: `${GOOGLE}/models/g:countTokens` }).kind).toBe("free");
  });
});

describe("routeOf: what hides a part of the report", () => {
  it.each([
    "fields=a",
    "$fields=a",
    "%24fields=a",
    "callback=f",
    "alt=sse&alt=proto",
    "alt=json&$alt=proto",
    "new=1",
  ])("?%s is refused at Google", (query) => {
    expect(routeOf({ url: `${GENERATE}?${query}` }).kind).toBe("refused");
  });

  it("a mask in a header is refused, and a key in the query is not", () => {
    expect(routeOf({ url: GENERATE, headers: { "X-Goog-FieldMask": "*" } }).kind).toBe("refused");
    expect(routeOf({ url: `${GENERATE}?key=k&alt=json` }).kind).toBe("bounded");
  });

  it("refuses headers that are not an object", () => {
    expect(() => routeOf({ url: GENERATE, headers: [] } as never)).toThrow(TypeError);
  });
});

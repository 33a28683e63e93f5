import { expect, it } from "vitest";
import { bound } from "./bounds-guard-support.ts";

const PDF = {
  type: "document",
  source: { type: "base64", media_type: "application/pdf", data: "JVBERi0xLjQK" },
};
const asked = (content: unknown[]) =>
  bound("https://api.anthropic.com/v1/messages", {
    model: "claude-sonnet-4-5",
    max_tokens: 10,
    messages: [{ role: "user", content }],
  });

// A result of web_fetch is not encrypted: it has the page or the PDF file as a document.
it("boundOf: a PDF file in the result of a fetch needs its tokens, as any other", () => {
  expect(asked([PDF]).kind).toBe("refused");
  const result = { type: "web_fetch_result", url: "https://x.example/a.pdf", content: PDF };
  expect(asked([{ type: "web_fetch_tool_result", tool_use_id: "1", content: result }]).kind).toBe("refused");
});

it("boundOf: other results of a server's tools are counted by their bytes", () => {
  const found = {
    type: "web_search_result",
    url: "https://x.example",
    title: "x",
    encrypted_content: "AAAA",
    page_age: null,
  };
  expect(asked([{ type: "web_search_tool_result", tool_use_id: "1", content: [found] }]).kind).toBe(
    "bounded",
  );
  const page = { type: "document", source: { type: "text", media_type: "text/plain", data: "x" } };
  const result = { type: "web_fetch_result", url: "https://x.example", content: page };
  expect(asked([{ type: "web_fetch_tool_result", tool_use_id: "1", content: result }]).kind).toBe("bounded");
});

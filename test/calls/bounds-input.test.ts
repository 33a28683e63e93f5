import fc from "fast-check";
import { encode as cl100k } from "gpt-tokenizer/encoding/cl100k_base";
import { encode as o200k } from "gpt-tokenizer/encoding/o200k_base";
import { encodeChat } from "gpt-tokenizer/model/gpt-4o";
import { describe, expect, it } from "vitest";
import {
  AT,
  bound,
  CHAT,
  chat,
  CLAUDE,
  claude,
  GEMINI,
  gemini,
  LIST,
  RESPONSES,
  responses,
} from "./bounds-support.ts";
import { boundOf } from "dispatch-kit/calls";

const TEXT = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 200 }),
  fc
    .array(
      fc.constantFrom("the ", "http://", "\n\n", "é", "漢字", "😀", "\\", '"', "<|im_end|>", "\u{FDFA}"),
      { maxLength: 60 },
    )
    .map((all) => all.join("")),
);
const OPTIONS = { at: AT, defaultTier: "default" };

/** Tokens of a text for which the special tokens of chats are only text. */
function tokens(text: string): number {
  const options = { disallowedSpecial: new Set<string>() };
  return Math.max(cl100k(text, options).length, o200k(text, options).length);
}

interface Property {
  readonly description?: string | undefined;
  readonly enum?: readonly string[] | undefined;
  readonly type?: string | undefined;
}
interface Tool {
  readonly name: string;
  readonly description: string;
  readonly properties: Readonly<Record<string, Property>>;
}

/** Tools as OpenAI shows them to its models, as people have found out: a namespace in TypeScript. */
function shown(tools: readonly Tool[]): string {
  const types = tools.map(({ name, description, properties }) => {
    const fields = Object.entries(properties).map(([key, of]) => {
      const type =
        of.enum === undefined ? (of.type ?? "any") : of.enum.map((one) => JSON.stringify(one)).join(" | ");
      return `${of.description === undefined ? "" : `// ${of.description}\n`}${key}?: ${type},\n`;
    });
    return `// ${description}\ntype ${name} = (_: {\n${fields.join("")}}) => any;\n\n`;
  });
  return `# Tools\n\n## functions\n\nnamespace functions {\n\n${types.join("")}} // namespace functions`;
}

const PROPERTY: fc.Arbitrary<Property> = fc.record(
  {
    description: TEXT,
    type: fc.constantFrom("string", "number", "object"),
    enum: fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 8 }),
  },
  { requiredKeys: [] },
);
const TOOL: fc.Arbitrary<Tool> = fc.record({
  name: fc.stringMatching(/^[a-z_]{1,20}$/),
  description: TEXT,
  properties: fc.dictionary(fc.stringMatching(/^[a-z_]{1,12}$/), PROPERTY, { maxKeys: 6 }),
});

describe("boundOf: the input is at least what a tokenizer counts", () => {
  it("in chats of OpenAI, with names and roles", () => {
    const message = fc.record({ role: fc.constantFrom("system", "user", "assistant"), content: TEXT });
    fc.assert(
      fc.property(
        fc.array(message as fc.Arbitrary<{ role: "user"; content: string }>, { maxLength: 8 }),
        (messages) => {
          const { limits } = bound(CHAT, chat({ messages }));
          const texts = messages.reduce((sum, { content }) => sum + tokens(content), 0);
          // The cookbook counts 3 tokens around each message, the role, and 3 for the reply.
          expect(limits.maxInputTokens).toBeGreaterThanOrEqual(texts + 4 * messages.length + 3);
          const plain = messages.every(({ content }) => !content.includes("<|"));
          if (plain) expect(limits.maxInputTokens).toBeGreaterThanOrEqual(encodeChat(messages).length);
        },
      ),
    );
  });

  it("in tools of OpenAI, as they are shown to the model", () => {
    fc.assert(
      fc.property(fc.array(TOOL, { minLength: 1, maxLength: 5 }), (tools) => {
        const functions = tools.map(({ properties, ...rest }) => ({
          type: "function",
          function: { ...rest, parameters: { type: "object", properties } },
        }));
        const { limits } = bound(CHAT, chat({ tools: functions, messages: [] }));
        expect(limits.maxInputTokens).toBeGreaterThanOrEqual(tokens(shown(tools)) + 16);
      }),
    );
  });

  it("in JSON that a provider may write with every character escaped", () => {
    fc.assert(
      fc.property(TEXT, (text) => {
        const escaped = JSON.stringify(text).replaceAll(/[^ -~]|[<>&]/g, (char) => {
          return `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`;
        });
        const call = { id: "c", type: "function", function: { name: "f", arguments: text } };
        const messages = [{ role: "assistant", tool_calls: [call] }];
        const size = bound(CHAT, chat({ messages })).limits.maxInputTokens;
        expect(size).toBeGreaterThanOrEqual(escaped.length);
        expect(size).toBeGreaterThanOrEqual(tokens(escaped));
      }),
    );
  });

  it("in every form, also in NFC and NFKC", () => {
    fc.assert(
      fc.property(TEXT, (text) => {
        const most = Math.max(...[text, text.normalize("NFC"), text.normalize("NFKC")].map(tokens));
        const forms = [
          [CHAT, chat({ messages: [{ role: "user", content: text }] })],
          [RESPONSES, responses({ input: [{ role: "user", content: [{ type: "input_text", text }] }] })],
          [CLAUDE, claude({ system: text })],
          [GEMINI, gemini({ systemInstruction: { parts: [{ text }] } })],
          ["https://api.openai.com/v1/embeddings", { model: "text-embedding-3-small", input: [text] }],
          ["https://api.voyageai.com/v1/rerank", { model: "rerank-2", query: text, documents: [text] }],
        ] as const;
        for (const [url, body] of forms) {
          for (const sent of [body, JSON.stringify(body)]) {
            const found = boundOf({ url, body: sent }, LIST, OPTIONS);
            expect(found.kind === "bounded" && found.limits.maxInputTokens).toBeGreaterThanOrEqual(most);
          }
        }
      }),
    );
  });

  it("with numbers as they are written, which a parser would shorten", () => {
    const digits = "1".repeat(5_000);
    const tool = `{"type":"function","function":{"name":"f","parameters":{"type":"number","const":${digits}}}}`;
    const raw = `{"model":"gpt-4o","max_tokens":1,"messages":[],"tools":[${tool}]}`;
    expect(bound(CHAT, raw).limits.maxInputTokens).toBeGreaterThan(5_000);
  });

  it("without the data of pictures", () => {
    const url = `data:image/png;base64,${"A".repeat(500_000)}`;
    const part = { type: "image_url", image_url: { url } };
    const { limits } = bound(CHAT, chat({ messages: [{ role: "user", content: [part] }] }));
    expect(limits.maxInputTokens).toBeLessThan(2_000);
    expect(limits.maxInputImageTokens).toBe(1_445);
  });
});

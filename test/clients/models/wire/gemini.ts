import { type Asked, type Fields, TOOL, typeOf, type Wire, WORDS } from "./wire.ts";

/** A stream reports with every event; its output so far, and its thoughts. */
const usage = (candidatesTokenCount: number): Fields => ({
  promptTokenCount: 57,
  candidatesTokenCount,
  totalTokenCount: 57 + candidatesTokenCount + 32,
  promptTokensDetails: [{ modality: "TEXT", tokenCount: 57 }],
  thoughtsTokenCount: 32,
});

const ERRORS = {
  400: "INVALID_ARGUMENT",
  402: "RESOURCE_EXHAUSTED",
  429: "RESOURCE_EXHAUSTED",
  500: "INTERNAL",
  529: "UNAVAILABLE",
};

const CALL = { functionCall: { name: TOOL.name, args: TOOL.arguments } };

const answer = (asked: Asked, part: Fields, finish: Fields, count: number): Fields => ({
  candidates: [{ content: { parts: [part], role: "model" }, ...finish, index: 0 }],
  usageMetadata: usage(count),
  modelVersion: asked.servedBy ?? asked.model,
  responseId: "Z0wXafKoEomMnsEP7ZbV2A0",
});

export const gemini: Wire = {
  streams: ({ path }) => path.includes(":streamGenerateContent"),
  whole: (asked) => {
    const part = asked.callsTool ? CALL : { text: WORDS.join("") };
    return answer(asked, part, { finishReason: "STOP" }, 14);
  },
  // Its events end with CR LF.
  pieces: (asked) =>
    WORDS.map((text, at) => {
      const last = at === WORDS.length - 1;
      const part = asked.callsTool && last ? CALL : { text: asked.callsTool ? "" : text };
      const said = answer(asked, part, last ? { finishReason: "STOP" } : {}, 2 * (at + 1));
      return `data: ${JSON.stringify(said)}\r\n\r\n`;
    }),
  streamType: "text/event-stream",
  failure: (status, message) => ({ error: { code: status, message, status: typeOf(ERRORS, status) } }),
  headers: { "x-gemini-service-tier": "standard" },
};

export const geminiEmbeddings: Wire = {
  ...gemini,
  streams: () => false,
  whole: () => ({
    embeddings: [{ values: [0.25, -0.5, 0.125] }],
    usageMetadata: { promptTokenCount: 8, promptTokenDetails: [{ modality: "TEXT", tokenCount: 8 }] },
  }),
  pieces: () => [],
};

export const geminiCount: Wire = {
  ...gemini,
  streams: () => false,
  whole: () => ({ totalTokens: 57, promptTokensDetails: [{ modality: "TEXT", tokenCount: 57 }] }),
  pieces: () => [],
};

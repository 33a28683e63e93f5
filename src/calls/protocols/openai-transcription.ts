import { isObject } from "../own-fields.ts";
import type { Protocol, StreamRules } from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { valueAt } from "../reports/numbers.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";

/**
 * Source: `Transcription.Tokens`, `TranscriptionDiarized.Tokens` and `TranscriptionTextDoneEvent.Usage` of the npm
 * package openai 7.57.0, `resources/audio/transcriptions.d.ts`.
 */
export const TRANSCRIPTION_USAGE: UsageShape = {
  // The type is `tokens`.
  requires: ["type", "input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: { inputAudio: ["input_token_details.audio_tokens"] },
  informs: ["input_token_details.text_tokens"],
};

/** Billed by the second, which no price by the token covers. Source: `Transcription.Duration` of the same file. */
export const DURATION_USAGE: UsageShape = {
  requires: ["seconds"],
  excludes: ["input_tokens", "output_tokens"],
  input: [],
  output: [],
  apart: ["seconds"],
};

const STREAM: StreamRules = {
  fold: (report, event) => (isObject(event) && isDone(event) ? { usage: valueAt(event, "usage") } : report),
  isLast: (event) => isDone(event),
};

function isDone(event: unknown): boolean {
  return valueAt(event, "type") === "transcript.text.done";
}

/** OpenAI's transcriptions. */
export const OPENAI_TRANSCRIPTION: Protocol = /* @__PURE__ */ severalForms(
  "openai-transcription",
  [
    /* @__PURE__ */ tokenProtocol({ name: "openai-transcription", shape: TRANSCRIPTION_USAGE }),
    /* @__PURE__ */ tokenProtocol({ name: "openai-transcription", shape: DURATION_USAGE }),
  ],
  STREAM,
);

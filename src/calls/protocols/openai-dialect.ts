import type { Protocol, StreamRules } from "../reports/account.ts";
import { severalForms } from "../reports/forms.ts";
import { valueAt } from "../reports/numbers.ts";
import { CHAT_STREAM } from "./openai-chat.ts";
import { RESPONSES_STREAM } from "./openai-responses.ts";

/** The events of responses have a type; the chunks of chat completions have none. */
const STREAM: StreamRules = {
  fold: (report, event) => rulesOf(event).fold(report, event),
  isLast: (event, report) => rulesOf(event).isLast(event, report),
};

function rulesOf(event: unknown): StreamRules {
  return typeof valueAt(event, "type") === "string" ? RESPONSES_STREAM : CHAT_STREAM;
}

/** A provider with OpenAI's routes. What it reports for each of them is a form. */
export function openaiDialect(
  name: Protocol["name"],
  forms: readonly Protocol[],
  stream: StreamRules = STREAM,
): Protocol {
  return severalForms(name, forms, stream);
}

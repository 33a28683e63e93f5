import type { Protocol } from "../reports/account.ts";
import type { UsageShape } from "../reports/shape.ts";
import { tokenProtocol } from "../reports/token-protocol.ts";
import { listAt, textAt } from "./lists.ts";

/**
 * The counts are those of a thread since it started, over many requests: github.com/openai/codex/issues/17539
 *
 * Source: `Usage` of the npm package @openai/codex-sdk 0.163.0, `dist/index.d.ts`; `total_token_usage` in the files of
 * sessions has the total too.
 */
export const CODEX_USAGE: UsageShape = {
  requires: ["input_tokens", "cached_input_tokens", "output_tokens"],
  input: ["input_tokens"],
  output: ["output_tokens"],
  total: ["total_tokens"],
  inside: {
    cacheRead: ["cached_input_tokens"],
    cacheWrite: ["cache_write_input_tokens"],
    outputReasoning: ["reasoning_output_tokens"],
  },
};

/** Codex, of OpenAI. Its answers do not name the model. */
export const CODEX: Protocol = /* @__PURE__ */ tokenProtocol({
  name: "codex",
  shape: CODEX_USAGE,
  at: ["usage", "info.total_token_usage", "payload.info.total_token_usage"],
  // The searches of a turn are among its items; they are not in the running total.
  searches: ({ response }, counted) =>
    Math.max(
      counted,
      listAt(response, "items").filter((item) => textAt(item, "type") === "web_search").length,
    ),
  runningTotal: true,
});

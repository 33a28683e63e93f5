import { bounded, family, type Family, free, LATER, NO_REPORT, refused } from "./rows.ts";

/**
 * Amazon Bedrock. The model may be an ARN with `%2F` in it. The body of `invoke` is its maker's: only Claude's is read,
 * and `routeOf` refuses the others.
 */
export const BEDROCK: Family = /* @__PURE__ */ family(() => ({
  protocol: "bedrock",
  bases: [""],
  rows: [
    bounded("model/{model}/converse", "bedrock-converse", "bedrock", "never"),
    bounded("model/{model}/converse-stream", "bedrock-converse", "bedrock", "aws"),
    bounded("model/{model}/invoke", "anthropic", "anthropic", "never"),
    bounded("model/{model}/invoke-with-response-stream", "anthropic", "anthropic", "aws"),
    ...free(["POST"], "model/{model}/count-tokens"),
    ...refused(LATER, "async-invoke", "async-invoke/**"),
    ...refused(NO_REPORT, "guardrail/**"),
  ],
}));

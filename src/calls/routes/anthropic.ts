import { BATCH, bounded, ELSEWHERE, family, type Family, free, freeToRead, LATER, refused } from "./rows.ts";

/** Anthropic. The paths are those of the npm package `@anthropic-ai/sdk` 1.13.0. */
export const ANTHROPIC: Family = /* @__PURE__ */ family(() => ({
  protocol: "anthropic",
  bases: ["v1"],
  rows: [
    bounded("messages", "anthropic", "anthropic"),
    ...free(["POST"], "messages/count_tokens", "files", "messages/batches/*/cancel"),
    ...freeToRead("models", "models/**", "files", "files/**", "messages/batches", "messages/batches/**"),
    ...free(["DELETE"], "files/*", "messages/batches/*"),
    ...refused(BATCH, "messages/batches"),
    ...refused(LATER, "sessions", "sessions/**", "dreams", "dreams/**", "deployments", "deployments/**"),
    ...refused(ELSEWHERE, "agents", "agents/**", "environments", "environments/**", "skills", "skills/**"),
    ...refused("the older API of completions has no usage report", "complete"),
  ],
}));

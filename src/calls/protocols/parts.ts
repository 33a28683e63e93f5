import type { Part } from "../reports/account.ts";

/** Parts of which the first one pays for the tools and searches of the whole, so that they are charged once. */
export function withTools(parts: readonly Part[], { usage: { searches = 0 }, apart }: Part): readonly Part[] {
  return parts.map((part, index) =>
    index > 0
      ? part
      : {
          ...part,
          usage: { ...part.usage, ...(searches > 0 && { searches }) },
          apart: [...part.apart, ...apart],
        },
  );
}

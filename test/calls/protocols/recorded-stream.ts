import type { TokenUsage } from "dispatch-kit";
import type { ProtocolName } from "dispatch-kit/calls";

/** The events of a stream, as they come over the wire, and what the whole of it counts. */
export interface RecordedStream {
  readonly protocol: ProtocolName;
  readonly form: string;
  readonly events: readonly unknown[];
  readonly usage: TokenUsage;
  /** A cost that the report states, in USD. */
  readonly stated?: string;
}

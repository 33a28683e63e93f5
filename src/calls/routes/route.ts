import type { ProtocolName, ProviderName } from "../protocols/names.ts";
import type { BodyForm } from "./rows.ts";

/** The form of a streamed answer; `false` for an answer that is not streamed. */
export type StreamForm = false | "aws" | "json-array" | "ndjson" | "sse";

/** What a request leads to, by its method and URL. */
export type Route =
  /** It costs money, and its cost has a bound. */
  | {
      readonly kind: "bounded";
      readonly provider: ProviderName;
      readonly protocol: ProtocolName;
      /** How the body is written. */
      readonly form: BodyForm;
      /** The model in the path, decoded; `null` if the body names it. */
      readonly model: string | null;
      /** The region in the host or the path, or `null`. */
      readonly region: string | null;
      readonly stream: StreamForm;
    }
  /** It costs nothing. */
  | {
      readonly kind: "free";
      readonly provider: ProviderName;
      readonly protocol: ProtocolName;
      readonly model: null;
      readonly stream: false;
    }
  /** Its cost has no bound, or nobody knows the route. */
  | {
      readonly kind: "refused";
      readonly reason: string;
      /** `null` for an unknown host. */
      readonly provider: ProviderName | null;
      readonly protocol: ProtocolName | null;
      readonly model: null;
      readonly stream: false;
    };

/**
 * The providers of hosts of one's own. A key is a host (`gateway.local:8080`), an origin, or a base URL below which the
 * provider's routes are.
 */
export type HostMap = Readonly<Record<string, ProviderName>>;

/** A request, as far as its route needs it. */
export interface RoutedRequest {
  /** `POST` if left out. */
  readonly method?: string | undefined;
  readonly url: string;
  /** The body, parsed or as JSON text: it says whether the answer is streamed. */
  readonly body?: unknown;
  /** Headers by name: some servers take another method from one, or leave out a part of the usage report. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

import { quote } from "../../internal/text.ts";
import type { ProviderName } from "../protocols/names.ts";
import type { HeaderMap } from "./headers.ts";

/** Why a server may take a request for one of another method; `null` if none does. */
export function otherMethodOf(url: URL, headers: HeaderMap): string | null {
  // Google's servers take another method from the query.
  if ([...url.searchParams.keys()].some((key) => /method/i.test(key))) return "its query names a method";
  const isOther = (name: string): boolean =>
    /^x[-_](?:goog[-_])?(?:http[-_])?method(?:[-_]override)?$/.test(name);
  return [...headers.keys()].some(isOther) ? "a header asks for another method" : null;
}

/** Whether a provider has its methods behind a colon, in the last segment of a path. */
export function isGoogle(provider: ProviderName): boolean {
  return provider === "gemini" || provider === "vertex";
}

/** What Google's servers take from a query without another answer (https://cloud.google.com/apis/docs/system-parameters). */
const GOOGLE_QUERY = /^\$?(?:alt|key|access_token|oauth_token|prettyPrint|quotaUser|userProject)$/;

/** Headers of Bedrock that cost nothing by themselves, and the tier, which is read with the body. */
const BEDROCK_HEADERS = /^x-amzn-bedrock-(?:accept|content-type|trace|service-tier)$/;

/** Why the query or the headers change the cost or the report of a bounded request; `null` if they do not. */
export function extrasOf(url: URL, headers: HeaderMap, provider: ProviderName): string | null {
  const query = [...url.searchParams];
  const formats = query.filter(([key]) => /^\$?alt$/.test(key)).map(([, format]) => format);
  if (formats.length > 1) return "its query names the form of the answer twice";
  if (formats.some((format) => format !== "sse" && format !== "json"))
    return "its query asks for an answer that is not JSON";
  const unknown = query.find(([key]) => isGoogle(provider) && !GOOGLE_QUERY.test(key));
  if (unknown !== undefined) return `${quote(unknown[0])} in its query may change the answer or its report`;
  for (const [name, value] of headers) {
    if (/field-?mask/.test(name)) return "a header hides fields of its report";
    if (name === "x-amzn-bedrock-performanceconfig-latency" && value === "standard") continue;
    if (name.startsWith("x-amzn-bedrock-") && !BEDROCK_HEADERS.test(name)) {
      return `its header ${quote(name)} asks for something that has its own price`;
    }
  }
  return null;
}

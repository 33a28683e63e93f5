/** Tells a webhook that a scope has reached 80 % of its cap. Each message is signed, so that its receiver can trust it. */
import { formatUsd } from "dispatch-kit";
import { type Crossing, crossings, follow, type JournalSource } from "dispatch-kit/journal";

export interface WebhookOptions {
  readonly url: string;
  /** Shared with the receiver. */
  readonly secret: string;
  /** The cursor of the last start; 0 at the first. */
  readonly after: number;
  /** Keeps the cursor, for the next start. */
  readonly keep: (cursor: number) => unknown;
  readonly signal: AbortSignal;
  readonly fetch?: typeof fetch;
}

/**
 * Follows the journal until the abort. A message that its receiver does not take ends it with an error: start again from the cursor
 * that was kept. A message may come twice, if the process ends before its cursor is kept; its `id` is the same then.
 */
export async function alertAt80(store: JournalSource, options: WebhookOptions): Promise<void> {
  const { url, secret, after, keep, signal, fetch: send = fetch } = options;
  await follow(store, {
    after,
    signal,
    async onEntry(entry, cursor) {
      for (const crossing of crossings(entry, ["0.8"])) {
        const body = messageOf(entry.place, crossing);
        const headers = {
          "content-type": "application/json",
          "x-signature-256": `sha256=${await signatureOf(secret, body)}`,
        };
        const response = await send(url, { method: "POST", headers, body, signal });
        if (!response.ok) throw new Error(`the webhook answered ${String(response.status)}`);
      }
      await keep(cursor);
    },
  });
}

/** Money is dollars in text, so that no reader rounds it. */
function messageOf(place: number, { scope, threshold, cap, committed }: Crossing): string {
  const money = { cap: formatUsd(cap), committed: formatUsd(committed) };
  return JSON.stringify({ id: `${String(place)}:${scope}`, scope, threshold, ...money });
}

/** HMAC-SHA256 (RFC 2104) of the body in hex. The receiver computes it over the bytes that it got, and compares in constant time. */
export async function signatureOf(secret: string, body: string): Promise<string> {
  const bytes = new TextEncoder();
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", bytes.encode(secret), algorithm, false, ["sign"]);
  const signature = await crypto.subtle.sign("HMAC", key, bytes.encode(body));
  return Array.from(new Uint8Array(signature), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

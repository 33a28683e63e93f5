import type { Fetch } from "./fetch.ts";

/** What became of the body of an answer. */
export type Fate = "read to its end" | "ended by the client" | "broken";

/** A `fetch`, and the fate of the body of each answer; one that is left unread never has one. */
export function watched(fetch: Fetch): { readonly fetch: Fetch; readonly fates: readonly Promise<Fate>[] } {
  const fates: Promise<Fate>[] = [];
  return {
    fates,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      if (response.body === null) return response;
      const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
      const { promise, resolve } = Promise.withResolvers<Fate>();
      fates.push(promise);
      signal?.addEventListener("abort", () => {
        resolve("ended by the client");
      });
      return new Response(told(response.body, resolve), response);
    },
  };
}

function told(body: ReadableStream<Uint8Array>, tell: (fate: Fate) => void): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  return new ReadableStream<Uint8Array>(
    {
      pull: async (controller) => {
        try {
          const { done, value } = await reader.read();
          if (!done) {
            controller.enqueue(value);
            return;
          }
          tell("read to its end");
          controller.close();
        } catch (error) {
          tell("broken");
          throw error;
        }
      },
      cancel: async (reason) => {
        tell("ended by the client");
        await reader.cancel(reason);
      },
    },
    // Nothing is read that its reader has not asked for.
    { highWaterMark: 0 },
  );
}

/** A `fetch`, and when a word has come in the body of one of its answers. */
export function wordSeen(
  fetch: Fetch,
  word: string,
): { readonly fetch: Fetch; readonly seen: Promise<null> } {
  const { promise: seen, resolve } = Promise.withResolvers<null>();
  return {
    seen,
    fetch: async (input, init) => {
      const response = await fetch(input, init);
      const decoder = new TextDecoder();
      const passing = new TransformStream<Uint8Array, Uint8Array>({
        transform: (bytes, controller) => {
          controller.enqueue(bytes);
          if (decoder.decode(bytes, { stream: true }).includes(word)) resolve(null);
        },
      });
      return new Response(response.body?.pipeThrough(passing) ?? null, response);
    },
  };
}

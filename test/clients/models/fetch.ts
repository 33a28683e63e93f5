import { Agent, buildConnector } from "undici";

export type Fetch = typeof globalThis.fetch;

const platformFetch = globalThis.fetch;

/** What was fetched with the platform's `fetch`, past the one that the clients were given. */
export const strays: string[] = [];

/** From now on, the platform's `fetch` reaches nothing. */
export function trapPlatformFetch(): void {
  globalThis.fetch = (input) => {
    const url = input instanceof Request ? input.url : String(input);
    strays.push(url);
    return Promise.reject(new TypeError(`${url} was fetched past the fetch that was given`));
  };
}

/**
 * The platform's `fetch`, with every https host at this port of this machine, and this certificate trusted. URLs stay as
 * they are.
 */
export function fetchFrom({ port, cert }: { readonly port: number; readonly cert: string }): {
  readonly fetch: Fetch;
  readonly close: () => Promise<void>;
} {
  const connect = buildConnector({ ca: cert });
  const dispatcher = new Agent({
    connect: (options, callback) => {
      // The certificate is for localhost.
      const here = { host: "localhost", hostname: "127.0.0.1", port: String(port), servername: "localhost" };
      connect({ ...options, ...here }, callback);
    },
  });
  return {
    fetch: (input, init) => platformFetch(input, Object.assign({}, init, { dispatcher })),
    close: () => dispatcher.destroy(),
  };
}

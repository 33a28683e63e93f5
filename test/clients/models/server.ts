import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { selfSigned } from "../../support/certificate.ts";
import { answer, type Behaviour } from "./answer.ts";
import { wireAt } from "./routes.ts";
import { type Asked, type Fields, fields } from "./wire/wire.ts";

/** A request that reached the server. */
export interface Seen {
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: Buffer;
  /** Whether the whole answer was sent before the connection ended. */
  readonly sentAll: Promise<boolean>;
}

export interface ProviderServer {
  readonly port: number;
  readonly cert: string;
  /** Why a request could not be answered: mistakes of this suite. */
  readonly mistakes: readonly string[];
  /** Forgets the requests so far, and treats the next ones like this; `nth` counts them from 0. */
  readonly behave: (how: (nth: number) => Behaviour) => void;
  readonly seen: () => readonly Seen[];
  readonly close: () => Promise<void>;
}

/** Starts a server that speaks as every provider, on a free port, with a certificate of its own. */
export async function providerServer(): Promise<ProviderServer> {
  const mistakes: string[] = [];
  let seen: Seen[] = [];
  let behaviour: (nth: number) => Behaviour = () => ({ does: "answer" });

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const sentAll = once(response, "close").then(() => response.writableFinished);
    const body = await bodyOf(request);
    const { method = "", url: path = "", headers } = request;
    const host = headers.host ?? "";
    const nth = seen.push({ method, host, path, headers, body, sentAll }) - 1;
    await answer(wireAt(host, path), askedBy(path, body), behaviour(nth), request, response);
  }

  const { key, cert } = selfSigned();
  const server = createServer({ key, cert }, (request, response) => {
    serve(request, response).catch((error: unknown) => {
      mistakes.push(String(error));
      response.destroy();
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port is free");
  return {
    port: address.port,
    cert,
    mistakes,
    behave: (how) => {
      seen = [];
      behaviour = how;
    },
    seen: () => seen,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  request.on("data", (chunk: Uint8Array) => chunks.push(chunk));
  await once(request, "end");
  return Buffer.concat(chunks);
}

function askedBy(path: string, bytes: Buffer): Asked {
  const body: Fields = bytes.length === 0 ? {} : fields(JSON.parse(bytes.toString("utf8")));
  // Gemini's requests name the model in their path.
  const model = bytes.length === 0 ? "" : (body["model"] ?? /\/models\/([^/:]+):/.exec(path)?.[1]);
  if (typeof model !== "string") throw new TypeError(`the request to ${path} names no model`);
  return { path, body, model, servedBy: null, callsTool: false };
}

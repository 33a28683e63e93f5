import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { getCACertificates, setDefaultCACertificates } from "node:tls";
import { ExternalEndpoint, SecretRef } from "dispatch-kit";
import { selfSigned } from "./certificate.ts";

/** A request that the server got. */
export interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export type Answer = (seen: Seen, response: ServerResponse) => unknown;

/** A real local https server, and the requests that it got. */
export interface HttpsServer {
  readonly origin: string;
  readonly seen: readonly Seen[];
  /** Answers the next requests. */
  readonly answer: (how: Answer) => void;
  /** An endpoint on this server. */
  readonly endpoint: (path?: string) => ExternalEndpoint;
  readonly close: () => Promise<void>;
}

/** The certificate of the servers. The `fetch` of this process trusts it, besides the usual ones. */
let certificate: ReturnType<typeof selfSigned> | undefined;

function trusted(): ReturnType<typeof selfSigned> {
  if (certificate === undefined) {
    certificate = selfSigned();
    setDefaultCACertificates([...getCACertificates("default"), certificate.cert]);
  }
  return certificate;
}

/** Starts a server for localhost, with this certificate, on a free port. */
export async function httpsServer(how: Answer = (_, response) => response.end("ok")): Promise<HttpsServer> {
  const seen: Seen[] = [];
  let answer = how;
  const server = createServer(trusted(), (request, response) => {
    void read(request).then((body) => {
      const { method = "", url = "", headers } = request;
      const asked = { method, url, headers, body };
      seen.push(asked);
      answer(asked, response);
    });
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port is free");
  const origin = `https://localhost:${String(address.port)}`;
  return {
    origin,
    seen,
    answer: (next) => {
      answer = next;
    },
    endpoint: (path = "/v1") =>
      new ExternalEndpoint({ name: "local", baseUrl: origin + path, secret: new SecretRef("API_KEY") }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

async function read(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}

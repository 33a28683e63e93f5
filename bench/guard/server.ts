/** The provider's process. Its CPU time is not the client's. It sends its port to the parent. */
import { once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import { setImmediate } from "node:timers/promises";
import { ANSWERS, eventsOf, PATHS, type Wire } from "./wires.ts";

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url ?? "/", "http://localhost");
  const wire: Wire = pathname === PATHS.openai ? "openai" : "anthropic";
  let body = "";
  request.setEncoding("utf8");
  request.on("data", (text: string) => (body += text));
  request.on("end", () => {
    void answer(response, wire, searchParams, body);
  });
});

async function answer(
  response: ServerResponse,
  wire: Wire,
  asked: URLSearchParams,
  body: string,
): Promise<void> {
  const pieces = Number(asked.get("pieces") ?? 0);
  if (pieces === 0) {
    response.writeHead(200, { "content-type": "application/json", "x-request-id": "req_1" });
    response.end(ANSWERS[wire]);
    return;
  }
  response.writeHead(200, {
    "content-type": "text/event-stream; charset=utf-8",
    "cache-control": "no-cache",
  });
  const events = eventsOf(wire, pieces, body.includes('"include_usage":true'));
  const openAfter = Number(asked.get("openAfter") ?? Infinity);
  if (openAfter < Infinity) {
    // The stream stays open until the client closes it.
    response.write(events.slice(0, openAfter).join(""));
    return;
  }
  if (!asked.has("each")) {
    response.end(events.join(""));
    return;
  }
  for (const event of events) {
    if (!response.write(event)) await once(response, "drain");
    await setImmediate();
  }
  response.end();
}

server.listen(0, "127.0.0.1", 2000, () => {
  const address = server.address();
  process.send?.(typeof address === "object" ? address?.port : undefined);
});
process.on("disconnect", () => process.exit());

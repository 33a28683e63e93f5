/** A Hono service in which each user has a daily budget and all users share a monthly one, in PostgreSQL. */
import {
  dayScope,
  type EpochSeconds,
  type ExternalEndpoint,
  monthScope,
  type ScopeCap,
  usd,
} from "dispatch-kit";
import type { CallLedger } from "dispatch-kit/calls";
import { Hono } from "hono";
import { ask } from "./openai.ts";

export interface Service {
  readonly ledger: CallLedger;
  readonly endpoint: ExternalEndpoint;
  readonly now: () => EpochSeconds;
  /** The user of a request, from your session or token. */
  readonly userOf: (request: Request) => string | null;
}

const USER_A_DAY = usd("0.001");
const ALL_A_MONTH = usd("0.0025");

function scopesOf(user: string, at: EpochSeconds): readonly ScopeCap[] {
  return [
    { ...dayScope(at, "Europe/Berlin", { prefix: `user:${user}:` }), cap: USER_A_DAY },
    { ...monthScope(at, "Europe/Berlin"), cap: ALL_A_MONTH },
  ];
}

export function service({ ledger, endpoint, now, userOf }: Service): Hono {
  const app = new Hono();
  app.post("/ask", async (context) => {
    const user = userOf(context.req.raw);
    if (user === null) return context.json({ error: "unknown user" }, 401);
    // With the client's own id, a repeated request is the same call, which is made once.
    const id = context.req.header("idempotency-key") ?? crypto.randomUUID();
    const question = { id: `${user}/${id}`, prompt: await context.req.text(), scopes: scopesOf(user, now()) };
    const outcome = await ask(ledger, endpoint, question);
    switch (outcome.kind) {
      case "done":
        return context.json(outcome);
      case "refused":
        return context.json(outcome, 429);
      case "exists":
        return context.json(outcome, 409);
    }
  });
  return app;
}

import assert from "node:assert/strict";
import { formatUsd } from "dispatch-kit";
import { assertRefusal } from "../bare.ts";
import type { Client } from "../client.ts";
import type { Told } from "./ground.ts";

/** The guard's sentence. */
export function sentenceOf({ reason, code }: Told<"refused">): string {
  return `dispatch-kit refused: ${reason} (${code}); nothing was sent`;
}

/** Asserts that the client's user sees what the guard has told, and no more than {@link Client.refusal} says. */
export function assertRefused(client: Client, error: unknown, told: Told<"refused">): void {
  const text = sentenceOf(told);
  // The text may stand in JSON.
  assertRefusal(client, error, "nothing was sent");
  const shown = (error instanceof Error ? error.message : "").replace(/\{[^]*\}$/, (json) => {
    const body: unknown = JSON.parse(json);
    const [lacking] = told.lacking;
    const kept = lacking === undefined ? [] : [lacking.scope, formatUsd(lacking.by)];
    for (const value of [text, told.code, ...kept]) assert.ok(has(body, value), `${json} lacks ${value}`);
    return "{body}";
  });
  if (told.code === "over_budget") {
    for (const [name, value] of Object.entries(client.refusal.has ?? {})) {
      assert.equal(error instanceof Error && Reflect.get(error, name), value, name);
    }
  }
  assert.equal(shown.replace(text, "{text}"), client.refusal.says);
}

/** Whether a value is anywhere in a JSON value. */
function has(json: unknown, value: string): boolean {
  if (typeof json !== "object" || json === null) return json === value;
  return Object.values(json).some((inner) => has(inner, value));
}

import assert from "node:assert/strict";
import type { Stage } from "../bare.ts";
import type { Checks } from "../checks.ts";
import type { Deed } from "../client.ts";
import { costOf, ground } from "./ground.ts";

/** That what else a client does is held and booked, request by request, or free. */
export function deedChecks(stage: Stage): Checks {
  const { more = [] } = stage.client;
  return Object.fromEntries(more.map((deed) => [deed.name, () => check(stage, deed)]));
}

async function check(stage: Stage, { ask, model, steps, lastHas = "" }: Deed): Promise<void> {
  const { server, fetch } = stage;
  const behave = (): void => {
    server.behave((nth) => ({ does: "answer", callsTool: nth < steps - 1 }));
  };
  behave();
  const expected = await ask(fetch);
  behave();
  const own = ground(stage);
  assert.deepEqual(await ask(own.fetch), expected);
  assert.deepEqual([own.asked(), server.seen().length], [steps, steps]);
  assert.ok(server.seen().at(-1)?.body.toString().includes(lastHas), `the last request lacks ${lastHas}`);
  const [held, free] = model === null ? [0, steps] : [steps, 0];
  assert.equal(new Set(own.told("held").map(({ holdId }) => holdId)).size, held);
  assert.equal(own.told("free").length, free);
  await own.assertBooked({ spent: model === null ? 0 : steps * costOf(model) });
  if (model === null) return;
  const refusing = ground(stage, { prices: {} });
  await assert.rejects(ask(refusing.fetch), /nothing was sent/);
}

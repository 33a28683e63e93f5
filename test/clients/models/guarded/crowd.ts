import assert from "node:assert/strict";
import { microCents } from "dispatch-kit";
import type { Stage } from "../bare.ts";
import type { Checks } from "../checks.ts";
import { boundOfCall, costOf, ground, SCOPE } from "./ground.ts";

const CALLS = 64;
const ROOM = 5;

/** That many calls at once never spend more than the cap. */
export function crowdChecks(stage: Stage): Checks {
  const { client, server } = stage;
  return {
    "64 calls at once under a cap with room for 5": async () => {
      const bound = await boundOfCall(stage);
      // One micro-cent less than six calls need.
      const cap = microCents(bound * BigInt(ROOM + 1) - 1n);
      const { promise: until, resolve } = Promise.withResolvers<undefined>();
      server.behave(() => ({ does: "pause", until }));
      const committed: Promise<bigint>[] = [];
      const own = ground(stage, {
        scopes: [{ scope: SCOPE, cap }],
        onEvent: () => {
          const usage = own.ledger.usage(SCOPE);
          committed.push(usage.then(({ reserved, spent }) => reserved + spent));
          // Nothing is booked before all are asked, so that no room is given back.
          if (own.told("refused").length === CALLS - ROOM) resolve(undefined);
        },
      });
      const ends = await Promise.allSettled(Array.from({ length: CALLS }, own.calls.call));
      assert.equal(ends.filter(({ status }) => status === "fulfilled").length, ROOM);
      assert.deepEqual([own.asked(), server.seen().length], [CALLS, ROOM]);
      await own.assertBooked({ spent: ROOM * costOf(client.model) });
      for (const amount of await Promise.all(committed))
        assert.ok(amount <= cap, `${amount} is above the cap`);
    },
  };
}

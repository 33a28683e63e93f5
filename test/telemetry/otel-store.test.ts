import { usd } from "dispatch-kit";
import { memoryStore } from "dispatch-kit/memory";
import { observed } from "dispatch-kit/telemetry";
import { expect, it } from "vitest";
import { sdk } from "./sdk.ts";
it("x", async () => {
  const s = sdk();
  const store = observed(memoryStore(), s.telemetry);
  const scopes = [{ scope: "run:1", cap: usd("1") }];
  await store.hold({ holdId: "a", amount: usd("0.6"), scopes, ttlSeconds: 10 });
  await store.hold({ holdId: "b", amount: usd("0.6"), scopes, ttlSeconds: 10 });
  await store.settle("a", usd("0.7"));
  await store.settle("nix", usd("0.7")).catch(() => null);
  console.log(
    JSON.stringify(s.spans(), null, 1),
    JSON.stringify(await s.points(), null, 1),
    s.times(),
    await s.units(),
  );
});

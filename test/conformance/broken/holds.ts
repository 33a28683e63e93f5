import { type HoldOutcome, HoldState } from "dispatch-kit";
import { capped, micro, MOST, RUN } from "../../stores/memory/support.ts";
import { orElse } from "../makers.ts";
import { type Broken, methods } from "./table.ts";

const HELD: HoldOutcome = { kind: "held" };

export const brokenHolds: readonly Broken[] = [
  [
    "hold: an exact fit is admitted, and one micro-cent more is not",
    "compares with < instead of <=",
    methods((store) => ({
      hold: (request) =>
        store.hold({
          ...request,
          scopes: request.scopes.map(({ scope, cap }) => ({ scope, cap: micro(cap ? cap - 1n : 0n) })),
        }),
    })),
  ],
  [
    "hold: a refusal names every scope that lacks room and by how much, and changes none",
    "reserves scope by scope, and keeps the first reservation when the second scope refuses",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        const [first] = request.scopes;
        if (answer.kind === "refused" && first) {
          await store.hold({ ...request, holdId: `${request.holdId}:1`, scopes: [first] });
        }
        return answer;
      },
    })),
  ],
  [
    "hold: a refusal names every scope that lacks room and by how much, and changes none",
    "names only the first scope",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        return answer.kind === "refused" ? { ...answer, lacking: answer.lacking.slice(0, 1) } : answer;
      },
    })),
  ],
  [
    "hold: after a refusal the same id is admitted when there is room, also with another body",
    "stores refused requests",
    methods((store) => {
      const refused = new Map<string, HoldOutcome>();
      return {
        async hold(request) {
          const answer = refused.get(request.holdId) ?? (await store.hold(request));
          if (answer.kind === "refused") refused.set(request.holdId, answer);
          return answer;
        },
      };
    }),
  ],
  [
    "hold: one id is one hold: a repeat answers exists and sets nothing aside",
    "reserves again for the same id",
    methods((store) => {
      let made = 0;
      return { hold: (request) => store.hold({ ...request, holdId: `${request.holdId}:${String(made++)}` }) };
    }),
  ],
  [
    "hold: a repeat with another ttl, another cap or its scopes in another order is no conflict",
    "compares the caps too",
    methods((store) => ({
      async hold(request) {
        const known = await store.getHold(request.holdId);
        const caps = (scopes: typeof request.scopes): string => scopes.map(({ cap }) => cap).join();
        if (known && caps(known.scopes) !== caps(request.scopes)) {
          return store.hold({ ...request, amount: micro(MOST) });
        }
        return store.hold(request);
      },
    })),
  ],
  [
    "hold: a repeat with another amount or other scopes is a conflict",
    "compares only the id",
    methods((store) => ({
      hold: (request) => orElse(store.hold(request), { kind: "exists", state: HoldState.OPEN }),
    })),
  ],
  [
    "hold: an id that was settled, released or charged is not admitted again",
    "admits the id of a closed hold",
    methods((store) => ({
      async hold(request) {
        const answer = await store.hold(request);
        return answer.kind === "exists" && answer.state !== HoldState.OPEN ? HELD : answer;
      },
    })),
  ],
  [
    "hold: a cap below the committed amount refuses new holds, and old holds can still settle",
    "uses the first cap that a scope had",
    methods((store) => ({
      hold: (request) => store.hold({ ...request, scopes: capped(100, RUN, "month:2026-11") }),
    })),
  ],
];

import {
  BackendKind,
  Determinism,
  epochSeconds,
  GpuContext,
  NodeIdentity,
  StagedItem,
  Worker,
  WorkerHealth,
} from "dispatch-kit";
import * as law from "../laws.ts";
import { type Fields, isPlain } from "../values.ts";
import {
  type Entry,
  KINDS,
  answers,
  box,
  gb,
  id,
  nodeFields,
  none,
  positive,
  read,
  value,
  valueOf,
} from "./entry.ts";

const count1: law.Field = (model) => (model === 0 ? law.REFUSED : law.whole(model));

const gpu = new GpuContext({ model: "RTX 4090", vramGb: 24 });

const gpuFields = { model: law.nameUpTo(500), vramGb: law.finite };

const worker = new Worker({
  name: "a",
  kind: "lan_worker",
  lanes: ["l"],
  lastSeen: epochSeconds(1000),
  gpu: true,
});

const workerFields = {
  name: id,
  kind: law.oneOf(KINDS),
  lanes: law.listOf(id),
  lastSeen: law.instant,
  gpu: law.or(false, law.flag),
  vramGb: gb,
  currentJob: law.orNull(id),
  recentRtf: gb,
};

const workersOf = law.listOf(valueOf(workerFields, worker));

const item = new StagedItem({ key: "a", sizeBytes: 40 });

const itemFields = { key: law.nameUpTo(500), sizeBytes: law.whole };

const itemsOf = law.listOf(valueOf(itemFields, item));

const limits = { staleAfterS: 30, deadAfterS: 120 };

/** Thresholds, in order. */
const limitsOf: law.Field = (model) => {
  const fields = law.fieldsOf({ staleAfterS: law.finite, deadAfterS: law.finite }, model);
  return read(fields) && Number(fields["deadAfterS"]) >= Number(fields["staleAfterS"]) ? fields : law.REFUSED;
};

function healthOf(lastSeen: unknown, now: unknown, thresholds: Fields): WorkerHealth {
  const age = Number(now) - Number(lastSeen);
  if (age >= Number(thresholds["deadAfterS"])) return WorkerHealth.DEAD;
  return age >= Number(thresholds["staleAfterS"]) ? WorkerHealth.STALE : WorkerHealth.HEALTHY;
}

const ceilingOf: law.Field = (model) => law.fieldsOf({ rtfCeiling: positive }, model);

const texts: law.Field = (model) =>
  isPlain(model) &&
  Reflect.ownKeys(model).every((key) => typeof key === "string" && typeof model[key] === "string")
    ? Object.fromEntries(
        Object.entries(Object.getOwnPropertyDescriptors(model)).map(([key]) => [key, model[key]]),
      )
    : law.REFUSED;

const nameOrNull: law.Field = (model) => (model === null ? null : law.nameUpTo(500)(model));

const provenanceFields = {
  toolId: law.nameUpTo(500),
  toolVersion: law.nameUpTo(500),
  weightsId: nameOrNull,
  weightsSha256: nameOrNull,
  paramsHash: law.nameUpTo(500),
  inputHash: law.nameUpTo(500),
  referenceDataVersions: texts,
  containerDigest: nameOrNull,
  seed: (model: unknown) => (model === null || Number.isSafeInteger(model) ? model : law.REFUSED),
  determinism: law.oneOf(["deterministic", "seeded", "nondeterministic"]),
  runtimeSeconds: law.finite,
  gpu: law.orNull(valueOf(gpuFields, gpu)),
  backend: law.or("local", law.oneOf(KINDS)),
  node: law.orNull(valueOf(nodeFields, box)),
  extra: law.or({}, texts),
};

/** Workers, sizes, stages and provenance. */
export const FLEET: Readonly<Record<string, Entry>> = {
  workerHealth: {
    args: () => [1000, 1029, limits],
    law: (result, [lastSeen, now, options]) => {
      const [seen, at, thresholds] = [law.instant(lastSeen), law.instant(now), limitsOf(options)];
      if (seen === law.REFUSED || at === law.REFUSED || !read(thresholds)) return false;
      return result === healthOf(seen, at, thresholds);
    },
  },
  summarizeFleet: {
    args: () => [[worker], 1029, limits],
    law: (result, [list, now, options]) => {
      const [workers, at, thresholds] = [workersOf(list), law.instant(now), limitsOf(options)];
      if (workers === law.REFUSED || at === law.REFUSED || !read(thresholds)) return false;
      const known = (workers as readonly Fields[]).map((fields): Fields => {
        return {
          ...fields,
          health: healthOf(fields["lastSeen"], at, thresholds),
        };
      });
      const count = (of: (one: Fields) => boolean): number => known.filter(of).length;
      const alive = (one: Fields): boolean => one["health"] !== "dead";
      return law.has(result, {
        total: known.length,
        healthy: count((one) => one["health"] === "healthy"),
        stale: count((one) => one["health"] === "stale"),
        dead: count((one) => one["health"] === "dead"),
        busy: count((one) => alive(one) && one["currentJob"] !== null),
        idle: count((one) => alive(one) && one["currentJob"] === null),
        gpuHealthy: count((one) => one["health"] === "healthy" && one["gpu"] === true),
      });
    },
  },
  "new FleetSummary": {
    args: () => [
      {
        total: 1,
        healthy: 1,
        stale: 0,
        dead: 0,
        busy: 0,
        idle: 1,
        gpuHealthy: 1,
      },
    ],
    law: value({
      total: law.whole,
      healthy: law.whole,
      stale: law.whole,
      dead: law.whole,
      busy: law.whole,
      idle: law.whole,
      gpuHealthy: law.whole,
    }),
  },
  "new Worker": {
    args: () => [{ ...worker, vramGb: 24, currentJob: "job-7", recentRtf: 0.5 }],
    law: value(workerFields),
  },
  "Worker#busy": { self: worker, args: none, law: answers(false) },
  realTimeFactor: {
    args: () => [150, 100],
    law: (result, models) => {
      const [wall, work] = models as [number, number];
      if ([wall, work].some((model) => law.finite(model) === law.REFUSED)) return false;
      return Object.is(result, work === 0 ? null : wall / work);
    },
  },
  expectedWall: {
    args: () => [100, { rtfCeiling: 1.5 }],
    law: (result, [work, options]) => {
      const ceiling = ceilingOf(options);
      if (law.finite(work) === law.REFUSED || !read(ceiling)) return false;
      return Object.is(result, (work as number) * Number(ceiling["rtfCeiling"]));
    },
  },
  isOverrunning: {
    args: () => [100, 160, { rtfCeiling: 1.5 }],
    law: (result, [work, elapsed, options]) => {
      const ceiling = ceilingOf(options);
      if ([work, elapsed].some((model) => law.finite(model) === law.REFUSED) || !read(ceiling)) return false;
      return result === Number(elapsed) > (work as number) * Number(ceiling["rtfCeiling"]);
    },
  },
  planThroughput: {
    args: () => [
      24,
      {
        modelVramGb: 10,
        vramPerBatchGb: 0.5,
        maxBatch: 4,
        allowConcurrency: false,
      },
    ],
    law: (result, [available, options]) => {
      const fields = law.fieldsOf(
        {
          modelVramGb: positive,
          vramPerBatchGb: positive,
          maxBatch: law.or(16, count1),
          allowConcurrency: law.or(false, law.flag),
        },
        options,
      );
      if (law.finite(available) === law.REFUSED || !read(fields)) return false;
      const { batchSize, int8, concurrency } = result as Record<"batchSize" | "concurrency", number> & {
        readonly int8: boolean;
      };
      const { modelVramGb, vramPerBatchGb, maxBatch } = fields as Record<string, number>;
      const job = Number(modelVramGb) / (int8 ? 2 : 1) + batchSize * Number(vramPerBatchGb);
      // It fits, as often as it says.
      return (
        law.has(result, { batchSize, int8, concurrency }) &&
        batchSize >= 1 &&
        batchSize <= Number(maxBatch) &&
        (concurrency === 1 || (concurrency === 2 && fields["allowConcurrency"] === true)) &&
        concurrency * job <= Number(available)
      );
    },
  },
  "new ThroughputPlan": {
    args: () => [{ batchSize: 8, int8: false, concurrency: 2 }],
    law: value({ batchSize: count1, int8: law.flag, concurrency: count1 }),
  },
  "new StagedItem": {
    args: () => [{ key: "a", sizeBytes: 40 }],
    law: value(itemFields),
  },
  stagedBytes: {
    args: () => [[item, item]],
    law: (result, [list]) => {
      const items = itemsOf(list);
      if (items === law.REFUSED) return false;
      return (
        result ===
        (items as readonly { sizeBytes: number }[]).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0)
      );
    },
  },
  planStage: {
    args: () => [[item], [item], { maxItems: 5, maxBytes: 100 }],
    law: (result, [desired, staged, options]) => {
      const lists = [itemsOf(desired), itemsOf(staged)];
      const most = law.fieldsOf({ maxItems: law.whole, maxBytes: law.whole }, options);
      if (lists.includes(law.REFUSED) || !read(most)) return false;
      const [queue = [], there = []] = lists as (readonly { key: string }[])[];
      const { stage, evict, overBudget } = result as Record<"stage" | "evict", string[]> & {
        overBudget: boolean;
      };
      // What is fetched is wanted and is not there; what is deleted is there; no more than may be there stays.
      return (
        law.has(result, { stage, evict, overBudget }) &&
        stage.every((key) => queue.some((one) => one.key === key) && !there.some((one) => one.key === key)) &&
        evict.every((key) => there.some((one) => one.key === key)) &&
        new Set([...there.map(({ key }) => key).filter((key) => !evict.includes(key)), ...stage]).size <=
          Number(most["maxItems"])
      );
    },
  },
  "new StagePlan": {
    args: () => [{ stage: ["b"], evict: ["a"], overBudget: false }],
    law: value({
      stage: law.listOf(law.nameUpTo(500)),
      evict: law.listOf(law.nameUpTo(500)),
      overBudget: law.flag,
    }),
  },
  "new GpuContext": {
    args: () => [{ model: "RTX 4090", vramGb: 24 }],
    law: value(gpuFields),
  },
  "new Provenance": {
    args: () => [
      {
        toolId: "boltz",
        toolVersion: "2.1.0",
        weightsId: null,
        weightsSha256: null,
        paramsHash: "sha256:9f",
        inputHash: "sha256:60",
        referenceDataVersions: { uniref90: "2026_02" },
        containerDigest: null,
        seed: 42,
        determinism: Determinism.SEEDED,
        runtimeSeconds: 318.5,
        gpu,
        backend: BackendKind.LOCAL,
        node: box,
        extra: { run: "42" },
      },
    ],
    law: (result, [model]) => {
      const fields = law.fieldsOf(provenanceFields, model);
      if (!read(fields)) return false;
      const {
        seed,
        determinism,
        gpu: on,
        node,
      } = fields as Fields & {
        readonly gpu: GpuContext | null;
        readonly node: NodeIdentity | null;
      };
      if (seed === null ? determinism === "seeded" : determinism === "nondeterministic") return false;
      const made = {
        gpu: on && new GpuContext(on),
        node: node && new NodeIdentity(node),
      };
      return law.has(result, { ...fields, ...made });
    },
  },
};

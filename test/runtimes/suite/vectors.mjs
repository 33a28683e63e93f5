import { equal } from "./check.mjs";

/**
 * Every recorded case through the operation that it names: each engine's own bigint, number, RegExp and
 * URL have to give the recorded answers.
 */
export async function vectorChecks({ core }, vectors, check) {
  const operations = operationsOf(core);
  for (const [file, cases] of Object.entries(vectors)) {
    for (const [index, entry] of cases.entries()) {
      await check(`${file}.json, case ${index + 1}, ${entry.op}`, () => {
        const answer = answerOf(core, () => operations[entry.op](entry));
        // `differs` is where the contract is stricter than what was recorded, on purpose.
        const wanted = entry.differs ?? entry.error ?? entry.ok;
        if (wanted !== "either") equal(answer, pick(wanted, answer));
      });
    }
  }
}

/** The value, or the kind of error as the recordings name it; any other error is a failure. */
function answerOf(core, run) {
  try {
    return run();
  } catch (error) {
    if (core.isDispatchError(error, "secret_missing")) return "secret-missing";
    if (core.isDispatchError(error, "no_eligible_backend")) return "no-eligible-backend";
    if (error instanceof RangeError || error instanceof TypeError) return "invalid";
    throw error;
  }
}

/** Recordings say more than is compared: a cost is there as unrounded dollars too. */
function pick(wanted, answer) {
  if ([wanted, answer].some((value) => typeof value !== "object" || value === null)) return wanted;
  return Object.fromEntries(Object.keys(answer).map((key) => [key, wanted[key]]));
}

function operationsOf(core) {
  const { usd, epochSeconds } = core;
  const state = ({ reserved, spent }) => new core.BudgetState({ reserved: usd(reserved), spent: usd(spent) });
  const capabilities = (given) => new core.BackendCapabilities(given);
  const requirements = (given) => new core.ToolRequirements(given);
  return {
    approval({ author, reason, decidedAt, outcome }) {
      const given = outcome === null ? {} : { outcome };
      return { outcome: new core.Approval({ author, reason, decidedAt, ...given }).outcome };
    },
    estimateCost({ rates, maxRuntimeS, vcpus, memoryGib }) {
      const cost = core.estimateCost(new core.CostRates(rates), { maxRuntimeS, vcpus, memoryGib });
      return { microCentsCeil: `${cost}` };
    },
    admits({ estimate, run, month, cap }) {
      const caps = new core.BudgetCap({ run: usd(cap.run), month: usd(cap.month) });
      const { admitted, refusedWindow } = core.admits(usd(estimate), state(run), state(month), caps);
      return { admitted, refusedWindow };
    },
    isLeaseStale: ({ leasedAt, now, ttlSeconds }) =>
      core.isLeaseStale(epochSeconds(leasedAt), epochSeconds(now), ttlSeconds),
    shouldGiveUp: ({ attempts, maxAttempts }) => core.shouldGiveUp(attempts, maxAttempts),
    endpoint({ name, baseUrl, envVar }) {
      const secret = new core.SecretRef(envVar);
      return { host: new core.ExternalEndpoint({ name, baseUrl, secret }).host() };
    },
    resolve: ({ env }) => new core.SecretRef("K").resolve(env),
    bearer({ env }) {
      const secret = new core.SecretRef("K");
      return new core.ExternalEndpoint({ name: "n", baseUrl: "https://example.com", secret }).bearer(env);
    },
    vramFits: ({ availableGb, requiredGb }) => core.vramFits(availableGb, requiredGb),
    canSatisfy: (given) => capabilities(given.capabilities).canSatisfy(requirements(given.requirements)),
    selectBackend(given) {
      const backends = given.backends.map(({ kind, capabilities: has }) => ({
        kind,
        capabilities: capabilities(has),
      }));
      const { allowSdk } = given;
      return backends.indexOf(core.selectBackend(backends, requirements(given.requirements), { allowSdk }));
    },
    reserve: (move) => moved(core.reserve(state(move.state), usd(move.estimate))),
    release: (move) => moved(core.release(state(move.state), usd(move.estimate))),
    reconcile: (move) => moved(core.reconcile(state(move.state), usd(move.estimate), usd(move.actual))),
    ...laterOperations(core),
  };
}

/** Dollars as the recordings write them: without zeros at the end. */
function moved(state) {
  const dollars = (text) => text.replace(/\.?0+$/, "");
  const { reserved, spent } = state.toJSON();
  return { reserved: dollars(reserved), spent: dollars(spent) };
}

/** What came after version 0.1.0 of the original. */
function laterOperations(core) {
  const { epochSeconds } = core;
  const items = (list) => list.map((item) => new core.StagedItem(item));
  const worker = ({ lastSeen, ...fields }) =>
    new core.Worker({ ...fields, lastSeen: epochSeconds(lastSeen), kind: "lan_worker", lanes: ["lane"] });
  return {
    canTransition: ({ current, target }) => core.canTransition(current, target),
    workerHealth: ({ lastSeen, now, staleAfterS, deadAfterS }) =>
      core.workerHealth(epochSeconds(lastSeen), epochSeconds(now), { staleAfterS, deadAfterS }),
    summarizeFleet: ({ workers, now, staleAfterS, deadAfterS }) =>
      core.summarizeFleet(workers.map(worker), epochSeconds(now), { staleAfterS, deadAfterS }),
    realTimeFactor: ({ wallSeconds, workSeconds }) => core.realTimeFactor(wallSeconds, workSeconds),
    expectedWall: ({ workSeconds, rtfCeiling }) => core.expectedWall(workSeconds, { rtfCeiling }),
    isOverrunning: ({ workSeconds, elapsedSeconds, rtfCeiling }) =>
      core.isOverrunning(workSeconds, elapsedSeconds, { rtfCeiling }),
    planThroughput({ availableVramGb, modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency }) {
      const options = { modelVramGb, vramPerBatchGb, maxBatch, allowConcurrency };
      return core.planThroughput(availableVramGb, options);
    },
    planStage: ({ desired, staged, maxItems, maxBytes }) =>
      core.planStage(items(desired), items(staged), { maxItems, maxBytes }),
    provenance({ toolId, seed, determinism, runtimeSeconds }) {
      const none = { weightsId: null, weightsSha256: null, containerDigest: null, referenceDataVersions: {} };
      const fixed = { toolVersion: "1", paramsHash: "p", inputHash: "i", ...none };
      return new core.Provenance({ ...fixed, toolId, seed, determinism, runtimeSeconds }).toolId === toolId;
    },
  };
}

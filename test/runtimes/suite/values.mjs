import { equal, isTrue, thrown } from "./check.mjs";

/** Values, and what engines differ in: time zone data, Unicode, structuredClone, a second copy. */
export async function valueChecks({ core, second, changed }, check) {
  const { usd } = core;

  // A library that patches a global, such as BigInt.prototype.toJSON, changes code that is not its own.
  await check("import: has no side effect", () => {
    equal(changed, []);
  });

  // A float that is no exact amount is refused, whatever the engine prints for it.
  await check("usd: exact or refused", async () => {
    equal(core.formatUsd(usd("12.5")), "12.50");
    equal(usd(core.formatUsd(core.microCents(-1n))), -1n);
    equal(usd(0.1 + 0.2, "up"), 30_000_001n);
    await thrown(RangeError, () => usd(0.1 + 0.2));
  });

  // JSON has no bigint: what holds money has to come back exact.
  await check("BudgetCap: JSON round trip", () => {
    const cap = new core.BudgetCap({ run: usd("90071992547.40993"), month: usd("0.00000001") });
    equal(core.BudgetCap.fromJSON(JSON.parse(JSON.stringify(cap))), cap);
    equal(core.BudgetCap.fromJSON(JSON.parse(JSON.stringify(cap))).run, cap.run);
  });

  // A clone has the fields and not the checks: it decides about money only once it is checked.
  await check("admits: a cloned cap is read by its fields", async () => {
    const nothing = new core.BudgetState({ reserved: usd(0), spent: usd(0) });
    const clone = structuredClone(new core.BudgetCap({ run: usd("1"), month: usd("1") }));
    equal(core.admits(usd("1"), nothing, nothing, clone).admitted, true);
    equal(core.admits(usd("1.00000001"), nothing, nothing, clone).refusedWindow, "run");
    for (const cap of [
      { run: 1 },
      { runs: usd("1") },
      new Map([["run", usd("1")]]),
      [clone],
      Object.create(clone),
    ]) {
      await thrown(TypeError, () => core.admits(usd("0.50"), nothing, nothing, cap));
    }
  });

  // Two versions in one dependency tree: values are read by their fields, and errors known by their code.
  await check("two copies: foreign values are taken, and checked like any input", () => {
    const state = new second.BudgetState({ reserved: second.usd("0.25"), spent: second.usd("0.25") });
    const cap = new second.BudgetCap({ run: second.usd("1"), month: second.usd("1") });
    isTrue(!(cap instanceof core.BudgetCap), "the second copy is the first");
    equal(core.admits(usd("0.50"), state, state, cap).admitted, true);
    equal(core.admits(usd("0.50000001"), state, state, cap).admitted, false);
    const needs = new second.ToolRequirements({ toolId: "t", minVramGb: 16 });
    equal(new core.BackendCapabilities({ availableVramGb: 16 }).canSatisfy(needs), true);
    equal(new core.BackendCapabilities({ availableVramGb: 15 }).canSatisfy(needs), false);
  });
  await check("two copies: a foreign endpoint is refused, with the way to make it again", async () => {
    const secret = new second.SecretRef("K");
    const foreign = new second.ExternalEndpoint({ name: "n", baseUrl: "https://example.com/v1", secret });
    const error = await thrown(TypeError, () => core.logEgress(foreign, { log: () => null }));
    isTrue(error.message.includes("new ExternalEndpoint({ name, baseUrl, secret })"), error.message);
    const again = new core.ExternalEndpoint({ name: foreign.name, baseUrl: foreign.baseUrl, secret });
    equal(core.logEgress(again, { log: () => null }).host, "example.com");
  });
  await check("two copies: isDispatchError knows the other copy's error", async () => {
    const error = await thrown(second.DispatchError, () => new second.SecretRef("K").resolve({}));
    isTrue(!(error instanceof core.DispatchError), "the second copy is the first");
    equal(core.isDispatchError(error, "secret_missing"), true);
  });

  // A runtime built without full ICU data would count a month in UTC.
  await check("monthScope: this runtime knows time zones", async () => {
    const at = core.epochSeconds(new Date("2026-11-30T23:30:00Z"));
    equal(core.monthScope(at, "UTC").scope, "month:2026-11");
    equal(core.monthScope(at, "Europe/Berlin").scope, "month:2026-12");
    equal(core.monthScope(at, "Asia/Tokyo").scope, "month:2026-12");
    const morning = new Date("2026-12-01T04:30:00Z");
    equal(core.monthScope(morning, "America/New_York").scope, "month:2026-11");
    equal(core.weekScope(new Date("2027-01-03T12:00:00Z"), "UTC").scope, "week:2026-W53");
    await thrown(RangeError, () => core.monthScope(at, "Europe/Atlantis"));
    await thrown(RangeError, () => core.monthScope(at, "+01:00"));
  });
  await check("runAndMonth: a month ends in summer or winter time, as its zone says", () => {
    const end = (instant) => {
      const at = core.epochSeconds(new Date(instant));
      const given = { runId: "42", at, cap: new core.BudgetCap(), timeZone: "Europe/Berlin" };
      return new Date(core.runAndMonth(given)[1].until * 1000).toISOString();
    };
    equal(end("2026-03-01T12:00:00Z"), "2026-03-31T22:00:00.000Z");
    equal(end("2026-10-01T12:00:00Z"), "2026-10-31T23:00:00.000Z");
  });

  // An audit line that its content could break would record calls that were never made.
  await check("logEgress: one line that cannot be forged", () => {
    const secret = new core.SecretRef("K");
    const endpoint = new core.ExternalEndpoint({ name: "n", baseUrl: "https://example.com/v1", secret });
    const lines = [];
    core.logEgress(endpoint, { detail: "a\r\nb\u2028c\u202e", log: (line) => lines.push(line) });
    equal(lines.length, 1);
    isTrue(!/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(lines[0]), JSON.stringify(lines[0]));
  });
}

/** Secrets from where this runtime keeps them: its environment, or a Worker's `env`. */
export async function secretChecks({ core }, { secret, readable, env }, check) {
  const present = new core.SecretRef("DISPATCH_KIT_SECRET");
  const absent = new core.SecretRef("DISPATCH_KIT_ABSENT");

  // Without permission or an environment, there is no secret: no crash, no prompt, no call.
  await check(`secrets: ${readable ? "from the environment" : "no environment, no secret"}`, async () => {
    if (readable) equal(present.resolve(), secret);
    else await thrown(core.SecretMissingError, () => present.resolve());
  });
  await check("secrets: one that is not set is missing", async () => {
    const error = await thrown(core.SecretMissingError, () => absent.resolve());
    equal(error.envVar, "DISPATCH_KIT_ABSENT");
  });
  if (env === undefined) return;
  await check("secrets: from the env that the runtime hands over", async () => {
    equal(present.resolve(env), secret);
    await thrown(core.SecretMissingError, () => absent.resolve(env));
  });
}

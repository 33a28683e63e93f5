import { equal, isTrue, thrown } from "./check.mjs";

const AT = new Date("2026-11-23T09:00:00Z");

/** A paid call: each engine's numbers, Unicode, private fields, AbortSignal, streams and Response. */
export async function callChecks({ core, memory, calls }, check) {
  const { usd } = core;
  const scopes = [{ scope: core.runScope("42"), cap: usd("1") }];
  const request = { holdId: "call-1", amount: usd("0.40"), scopes, ttlSeconds: 600 };

  // Each engine prints floats: a list's price has to come out as it was written.
  await check("ratesFromLitellm: the digits of the list, float noise rounded up", () => {
    const list = {
      plain: { input_cost_per_token: 1.5e-7, output_cost_per_token: 6e-7 },
      noisy: { input_cost_per_token: 1e-6 / 3, output_cost_per_token: 0.1 * 3e-6 },
    };
    const rates = (model) => calls.ratesFromLitellm(list, model, { at: AT }).rates;
    equal(rates("plain").inputUsdPerMTok, "0.15");
    equal(rates("noisy").inputUsdPerMTok, "0.333333333334");
    isTrue(Number(rates("noisy").outputUsdPerMTok) >= 0.3, "rounded down");
  });
  await check("ratesFromGenaiPrices: tiers, dates, and what is refused", () => {
    const prices = { input_mtok: { base: 3, tiers: [{ start: 200_000, price: 6 }] }, output_mtok: 15 };
    const dated = [
      { prices: { input_mtok: 9, output_mtok: 9 } },
      { constraint: { start_date: "2026-01-01" }, prices },
    ];
    const { rates } = calls.ratesFromGenaiPrices({ id: "m", prices: dated }, { at: AT });
    const usage = { inputTokens: 200_001, outputTokens: 0 };
    equal(core.formatUsd(core.tokenCost(rates, usage)), "1.200006");
    const zero = { id: "m", prices: { input_mtok: 0, output_mtok: 15 } };
    equal(calls.ratesFromGenaiPrices(zero, { at: AT }).why, "zero");
    equal(calls.ratesFromGenaiPrices(undefined, { at: AT }).why, "unknown_model");
  });

  await check("usageOf, actualOf: four shapes of a report, and one that does not add up", () => {
    const rates = new core.TokenRates({
      inputUsdPerMTok: 1,
      outputUsdPerMTok: 2,
      cacheReadUsdPerMTok: "0.1",
    });
    const reports = [
      { prompt_tokens: 100, completion_tokens: 7, prompt_tokens_details: { cached_tokens: 80 } },
      { input_tokens: 20, output_tokens: 7, cache_read_input_tokens: 80 },
      { promptTokenCount: 100, candidatesTokenCount: 7, totalTokenCount: 107, cachedContentTokenCount: 80 },
      { inputTokens: 100, outputTokens: 7, totalTokens: 107, cachedInputTokens: 80 },
    ];
    for (const report of reports) equal(calls.actualOf(rates, report).actual, usd("0.000042"));
    const wrong = { prompt_tokens: 100, completion_tokens: 7, total_tokens: 99 };
    equal(calls.actualOf(rates, wrong).actual, null);
  });

  // Normal forms are the engine's own data.
  await check("maxTokensOf: bytes of the longest normal form", () => {
    const texts = ["", "Hello", "Grüße", "こんにちは", "👩‍👩‍👧‍👦", "\ufdfa", "\ud800"];
    equal(
      texts.map((text) => calls.maxTokensOf(text)),
      [0, 6, 8, 16, 26, 34, 4],
    );
  });

  await check("withHold: the truth is booked, what proves that nothing was sent is given back", async () => {
    const ledger = memory.memoryStore();
    const done = await calls.withHold(ledger, request, ({ signal }) => {
      isTrue(signal instanceof AbortSignal, "the signal is none");
      return { value: "hello", actual: usd("0.25") };
    });
    equal(done, { kind: "done", value: "hello", settlement: "actual", booked: "0.25", overrun: "0.00" });
    const again = () => ({ value: "twice", actual: usd(0) });
    equal((await calls.withHold(ledger, request, again)).kind, "exists");
    const unsent = ({ hold }) => {
      throw new Error("the client's", { cause: hold.notSent("no key") });
    };
    await thrown(Error, () => calls.withHold(ledger, { ...request, holdId: "call-2" }, unsent));
    equal(await ledger.usage("run:42"), { reserved: "0.00", spent: "0.25" });
    const lost = () => Promise.reject(new Error("the connection broke"));
    await thrown(Error, () => calls.withHold(ledger, { ...request, holdId: "call-3" }, lost));
    equal(await ledger.usage("run:42"), { reserved: "0.40", spent: "0.25" });
  });

  await check(
    "metered: a stream is stopped, and closed, before it costs more than is set aside",
    async () => {
      const rates = new core.TokenRates({ inputUsdPerMTok: 3, outputUsdPerMTok: 15 });
      const amount = usd("0.00055");
      const meter = new calls.StreamMeter({ rates, amount, maxInputTokens: 100, maxChunkTokens: 8 });
      let closed = false;
      const source = async function* () {
        try {
          yield* ["Once ", "upon ", "a ", "time"];
        } finally {
          closed = true;
        }
      };
      const seen = [];
      const count = (text) => ({ text });
      for await (const text of calls.metered(source(), { meter, count })) seen.push(text);
      equal([seen, closed], [["Once ", "upon "], true]);
    },
  );

  // The engine's own URL, Headers and Response; nothing of it reaches the network.
  await check("egressFetch: the secret goes below the base path, and nowhere else", async () => {
    const secret = new core.SecretRef("API_KEY");
    const endpoint = new core.ExternalEndpoint({ name: "n", baseUrl: "https://api.example.com/v1", secret });
    const sent = [];
    const fetch = (url, init) => {
      sent.push([url, init.headers.get("authorization"), init.redirect]);
      return Promise.resolve(new Response("hello"));
    };
    const options = { env: { API_KEY: "k-1" }, log: () => null, fetch };
    const answer = await calls.egressFetch(endpoint, "models?limit=1", {}, options);
    equal(await answer.text(), "hello");
    const elsewhere = ["//evil.example", "https://evil.example", "../v2", "\\\\evil.example", "%2e%2e/v2"];
    for (const path of elsewhere) {
      await thrown(RangeError, () => calls.egressFetch(endpoint, path, {}, options));
    }
    equal(sent, [["https://api.example.com/v1/models?limit=1", "Bearer k-1", "manual"]]);
  });
}

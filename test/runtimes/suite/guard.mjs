import { equal, isTrue, thrown } from "./check.mjs";

const URL_OF_CHAT = "https://api.openai.com/v1/chat/completions";
const USAGE = { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 };
const CHUNK = { model: "gpt-4o-mini-2024-07-18" };
const CHUNKS = [
  { ...CHUNK, choices: [{ index: 0, delta: { content: "Grüße 👋" }, finish_reason: null }] },
  { ...CHUNK, choices: [{ index: 0, delta: {}, finish_reason: "stop" }] },
  { ...CHUNK, choices: [], usage: USAGE },
].map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`);

/** `guardedFetch`: each engine's Request, streams, TextDecoder, random ids and asynchronous context. */
export async function guardChecks({ core, memory, calls }, check) {
  const { usd } = core;
  const body = (more) =>
    JSON.stringify({
      model: "gpt-4o-mini",
      max_tokens: 100,
      messages: [{ role: "user", content: "Hi" }],
      ...more,
    });
  const post = (more) => ({ method: "POST", headers: { "x-title": "t" }, body: body(more) });

  const ground = (answer, options = {}) => {
    const ledger = memory.memoryStore();
    const sent = [];
    const guard = calls.guardedFetch({
      ledger,
      prices: { "gpt-4o-mini": new core.TokenRates({ inputUsdPerMTok: 1, outputUsdPerMTok: 2 }) },
      endpoint: new core.ExternalEndpoint({
        name: "openai",
        baseUrl: "https://api.openai.com/v1",
        secret: new core.SecretRef("KEY"),
      }),
      scopes: [{ scope: "run:1", cap: usd(1) }],
      env: { KEY: "sk-1" },
      log: () => null,
      fetch: async (url, init) => {
        sent.push([url, init.headers.get("authorization"), init.body]);
        return answer();
      },
      ...options,
    });
    return { guard, ledger, sent };
  };
  const whole = () =>
    Response.json({ ...CHUNK, choices: [{ index: 0, finish_reason: "stop" }], usage: USAGE });
  // Every cut is somewhere in the middle of a character or an event.
  const streamed = (size) => () => {
    const bytes = new TextEncoder().encode([...CHUNKS, "data: [DONE]\n\n"].join(""));
    let at = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (at >= bytes.length) controller.close();
        else controller.enqueue(bytes.slice(at, (at += size)));
      },
    });
    return new Response(stream, { headers: { "content-type": "text/event-stream" } });
  };

  await check(
    "guardedFetch: a string, a URL and a Request are sent with the secret, and booked",
    async () => {
      for (const input of [URL_OF_CHAT, new URL(URL_OF_CHAT), new Request(URL_OF_CHAT, post())]) {
        const { guard, ledger, sent } = ground(whole);
        const answer = await guard(input, input instanceof Request ? undefined : post());
        equal((await answer.json()).usage, USAGE);
        equal(sent.length, 1);
        equal(sent[0].slice(0, 2), [URL_OF_CHAT, "Bearer sk-1"]);
        equal(await new Response(sent[0][2]).text(), body());
        equal(await ledger.usage("run:1"), { reserved: "0.00", spent: "0.00002" });
      }
    },
  );
  for (const size of [1, 3, 1000]) {
    await check(`guardedFetch: a stream in pieces of ${size}, its usage read and hidden`, async () => {
      const { guard, ledger, sent } = ground(streamed(size));
      const answer = await guard(URL_OF_CHAT, post({ stream: true }));
      equal(await answer.text(), [CHUNKS[0], CHUNKS[1], "data: [DONE]\n\n"].join(""));
      await guard.settled();
      isTrue(JSON.parse(sent[0][2]).stream_options.include_usage, "the usage was not asked for");
      equal(await ledger.usage("run:1"), { reserved: "0.00", spent: "0.00002" });
    });
  }
  await check("guardedFetch: a stream that is cancelled stays held", async () => {
    const { guard, ledger } = ground(streamed(40));
    const answer = await guard(URL_OF_CHAT, post({ stream: true }));
    const reader = answer.body.getReader();
    await reader.read();
    await reader.cancel();
    await guard.settled();
    const { reserved, spent } = await ledger.usage("run:1");
    isTrue(reserved > 0n && spent === 0n, `reserved ${reserved}, spent ${spent}`);
  });
  await check("guardedFetch: a refusal is a 402 with its reason, and nothing is sent", async () => {
    const { guard, sent } = ground(whole, { scopes: [{ scope: "run:1", cap: usd("0.00001") }] });
    const refused = await guard(URL_OF_CHAT, post());
    equal([refused.status, refused.headers.get("x-dispatch-kit-refused")], [402, "over_budget"]);
    isTrue((await refused.json()).error.message.includes('"run:1" lacks $'), "the scope is not named");
    equal(sent, []);
  });
  await check("guardedFetch: run adds scopes, or says that the runtime cannot", async () => {
    const { guard, ledger } = ground(whole);
    const user = { scopes: [{ scope: "user:7", cap: usd(1) }] };
    const call = async () => {
      await Promise.resolve();
      return guard(URL_OF_CHAT, post());
    };
    if (globalThis.process?.getBuiltinModule?.("node:async_hooks") === undefined) {
      const error = await thrown(core.DispatchError, () => guard.run(user, call));
      equal(error.code, "unsupported");
      return;
    }
    await guard.run(user, call);
    equal(await ledger.usage("user:7"), { reserved: "0.00", spent: "0.00002" });
  });
}

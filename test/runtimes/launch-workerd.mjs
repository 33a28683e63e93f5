import { data } from "./data.mjs";
import { load } from "./load.mjs";
import { suite } from "./suite.mjs";

// `workerd test` calls this: a Worker's secrets are in `env`, and in process.env with nodejs_compat only.
export default {
  async test(_controller, env) {
    const readable = env.NODEJS_COMPAT === "on";
    const counted = await suite(await load(), data, { secret: data.secret, readable, env });
    const { line, ok } = counted.total();
    console.log(line);
    if (!ok) throw new Error(line);
  },
};

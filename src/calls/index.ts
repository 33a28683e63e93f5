export { maxTokensOf } from "./max-tokens.ts";

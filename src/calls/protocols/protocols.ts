import type { Protocol } from "../reports/account.ts";
import { ANTHROPIC } from "./anthropic.ts";
import { OPENAI_CHAT } from "./openai-chat.ts";

/** Every protocol, in the order of the documentation. */
export const PROTOCOLS: readonly Protocol[] = [OPENAI_CHAT, ANTHROPIC];

/** The input cannot be used: one line for the person who gave it, and exit code 2. */
export class InputError extends Error {
  override readonly name = "InputError";
}

/** What a system call or the library said, without a stack. */
export function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

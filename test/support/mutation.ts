import fc from "fast-check";

// A mutant needs one counterexample, not the smallest, and most need few runs to meet it.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor has to be given at every property
fc.configureGlobal({ endOnFailure: true, interruptAfterTimeLimit: 500 });

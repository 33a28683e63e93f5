import fc from "fast-check";

// For a mutant any counterexample is enough, and a few runs usually find one.
// eslint-disable-next-line @typescript-eslint/no-deprecated -- its successor has to be given at every property
fc.configureGlobal({ endOnFailure: true, interruptAfterTimeLimit: 500 });

import js from "@eslint/js";
import importX, { createNodeResolver } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/**
 * The floors: what each folder or file of src may import besides itself. Nothing imports upward, and there is no
 * circle. ARCHITECTURE.md shows this table as a picture.
 */
export const FLOORS = {
  internal: [],
  "errors.ts": [],
  "time.ts": ["internal"],
  money: ["internal"],
  tokens: ["internal", "money"],
  "estimate.ts": ["internal"],
  "egress.ts": ["internal", "errors.ts"],
  routing: ["internal", "errors.ts"],
  approval: ["internal", "errors.ts", "time.ts", "money", "routing"],
  budget: ["internal", "errors.ts", "time.ts", "money", "approval"],
  dispatch: ["internal", "errors.ts", "time.ts", "money", "routing", "approval", "budget"],
  journal: ["internal", "time.ts", "money", "routing", "budget", "dispatch"],
  fleet: ["internal", "time.ts", "routing"],
  "rules.ts": ["internal", "approval", "budget", "dispatch"],
  calls: ["internal", "errors.ts", "time.ts", "money", "tokens", "egress.ts", "routing", "budget"],
  audit: ["internal", "time.ts", "money", "routing", "dispatch"],
  worker: ["internal", "errors.ts", "money", "budget", "dispatch"],
  stores: ["internal", "errors.ts", "time.ts", "money", "routing", "approval", "budget", "dispatch"],
  conformance: ["internal", "errors.ts", "time.ts", "money", "routing", "approval", "budget", "dispatch"],
  telemetry: ["internal", "errors.ts", "time.ts", "money", "budget", "dispatch", "calls"],
  "index.ts": [
    "internal",
    "errors.ts",
    "time.ts",
    "money",
    "tokens",
    "estimate.ts",
    "egress.ts",
    "routing",
    "approval",
    "budget",
    "dispatch",
    "fleet",
  ],
};

export default tseslint.config(
  { ignores: ["dist/", "coverage/", "reports/", ".stryker-tmp/", ".cache/", "**/node_modules/"] },
  // What they import is installed on demand; their tests compile them, and npm run test:clients lints them.
  { ignores: ["test/clients/types.ts", "test/clients/models/**", "examples/clients/**"] },
  js.configs.recommended,
  tseslint.configs.strictTypeChecked,
  tseslint.configs.stylisticTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: "error" },
    rules: {
      // A number or a bigint prints as its digits.
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true }],
      // Types are imported as types, so that nothing is loaded for them.
      "@typescript-eslint/consistent-type-imports": ["error", { fixStyle: "inline-type-imports" }],
      "@typescript-eslint/explicit-module-boundary-types": "error",
      "@typescript-eslint/no-invalid-void-type": ["error", { allowAsThisParameter: true }],
      eqeqeq: "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    plugins: { "import-x": importX },
    settings: { "import-x/resolver-next": [createNodeResolver({ extensions: [".ts"] })] },
    rules: {
      "import-x/no-cycle": ["error", { ignoreExternal: true }],
      "import-x/no-restricted-paths": [
        "error",
        {
          basePath: "src",
          zones: Object.entries(FLOORS).map(([target, except]) => ({
            target,
            from: ".",
            except: [target, ...except].map((path) => `./${path}`),
            message: `The floors (eslint.config.js) let ${target} import itself and ${except.join(", ") || "nothing"}.`,
          })),
        },
      ],
    },
  },
  {
    // The core has no clock, no randomness, no runtime and no stores: what varies is passed in.
    files: ["src/**/*.ts"],
    ignores: ["src/stores/**"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            { group: ["node:*", "**/stores/**"], message: "The core imports neither node:* nor stores." },
          ],
        },
      ],
      "no-restricted-globals": [
        "error",
        ...[
          "process",
          "Deno",
          "Bun",
          "Buffer",
          "performance",
          "crypto",
          "setTimeout",
          "setInterval",
          "fetch",
        ].map((name) => ({ name, message: "The core has no clock, randomness, I/O or runtime of its own." })),
      ],
      "no-restricted-properties": [
        "error",
        { object: "Math", property: "random", message: "The core has no randomness." },
        { object: "Date", property: "now", message: "The core has no clock." },
      ],
    },
  },
  {
    // The loop that runs jobs waits and jitters. `drain` ends a run at its maxRunSeconds and lets other timers run: its
    // timers live in one file. There are none elsewhere.
    files: ["src/worker/**", "src/internal/timers.ts"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  {
    // The platform's own signatures.
    files: ["src/audit/ed25519.ts"],
    rules: { "no-restricted-globals": "off" },
  },
  {
    // Around a paid call there is a network and a time-out; the platform's own, never node:*. Telemetry has the time of day.
    files: ["src/calls/**", "src/telemetry/**"],
    rules: { "no-restricted-globals": "off", "no-restricted-properties": "off" },
  },
  {
    // Every method answers with a promise, as those of a durable store do, also where it need not wait.
    files: ["src/stores/memory/index.ts"],
    rules: { "@typescript-eslint/require-await": "off", "@typescript-eslint/no-empty-function": "off" },
  },
  {
    // Tests do on purpose what these rules keep callers from: clones, look-alikes, numbers that lost digits.
    files: ["test/**/*.ts"],
    rules: {
      "@typescript-eslint/no-misused-spread": "off",
      "@typescript-eslint/no-unsafe-class-instance-assignment": "off",
      "@typescript-eslint/no-unnecessary-type-parameters": "off",
      "@typescript-eslint/explicit-module-boundary-types": "off",
      "no-loss-of-precision": "off",
    },
  },
  { files: ["**/*.js", "**/*.mjs"], extends: [tseslint.configs.disableTypeChecked] },
  {
    // Plain JavaScript that runs on every runtime: no annotations, and the globals that all of them have.
    files: ["test/runtimes/**/*.mjs", "scripts/**/*.mjs"],
    languageOptions: {
      globals: {
        AbortController: "readonly",
        AbortSignal: "readonly",
        console: "readonly",
        process: "readonly",
        ReadableStream: "readonly",
        Request: "readonly",
        Response: "readonly",
        structuredClone: "readonly",
        TextEncoder: "readonly",
        URL: "readonly",
      },
    },
    rules: { "@typescript-eslint/explicit-module-boundary-types": "off" },
  },
);

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import ts from "typescript";
import { camel, type Facts, type Recorded, shown, signature, type Surface } from "./python.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** The public declarations, by name: what the built types are made of. */
export interface Declarations {
  readonly checker: ts.TypeChecker;
  readonly exported: ReadonlyMap<string, ts.Symbol>;
}

export function declarations(): Declarations {
  const config = ts.readConfigFile(`${root}tsconfig.src.json`, (path) => ts.sys.readFile(path));
  const { options } = ts.parseJsonConfigFileContent(
    config.config,
    ts.sys,
    dirname(`${root}tsconfig.src.json`),
  );
  const program = ts.createProgram([`${root}src/index.ts`], { ...options, noEmit: true });
  const checker = program.getTypeChecker();
  const barrel = program.getSourceFile(`${root}src/index.ts`);
  const module = barrel && checker.getSymbolAtLocation(barrel);
  if (module === undefined) throw new Error("src/index.ts is no module");
  const exported = checker.getExportsOfModule(module).map((symbol) => {
    const real = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
    return [symbol.name, real] as const;
  });
  return { checker, exported: new Map(exported) };
}

/** The exports that are there at run time. */
export function valueNames({ exported }: Declarations): string[] {
  const all = Array.from(exported).filter(([, symbol]) => symbol.flags & ts.SymbolFlags.Value);
  return all.map(([name]) => name).sort();
}

/** What is made of the least that a value object needs, and what each parameter is if it is left out. */
export interface Samples {
  readonly values: Readonly<Record<string, object>>;
  readonly omitted: Readonly<Record<string, () => unknown>>;
}

/**
 * The same facts of what is built here, for the names that the original has.
 *
 * @param built - the built package.
 */
export function hereFacts(
  { checker, exported }: Declarations,
  built: Readonly<Record<string, unknown>>,
  samples: Samples,
  names: Surface,
): Facts {
  const facts: Facts = new Map();

  const text = (type: ts.Type): string =>
    type.flags & ts.TypeFlags.TypeParameter
      ? "its own type"
      : checker.typeToString(type, undefined, ts.TypeFormatFlags.NoTruncation);

  const isOptional = (symbol: ts.Symbol): boolean => {
    const { valueDeclaration } = symbol;
    const hasDefault =
      valueDeclaration !== undefined &&
      ts.isParameter(valueDeclaration) &&
      (valueDeclaration.initializer ?? valueDeclaration.questionToken) !== undefined;
    return hasDefault || (symbol.flags & ts.SymbolFlags.Optional) !== 0;
  };
  const written = (symbol: ts.Symbol): string => (isOptional(symbol) ? `${symbol.name}?` : symbol.name);

  /** Options are the last parameter, by its name or as a type that is written out. */
  const optionsOf = (parameter: ts.Symbol | undefined): readonly ts.Symbol[] | null => {
    if (parameter === undefined) return null;
    const type = checker.getNonNullableType(checker.getTypeOfSymbol(parameter));
    const isWrittenOut = type.getSymbol()?.name === "__type" && type.getCallSignatures().length === 0;
    return parameter.name === "options" || isWrittenOut ? checker.getPropertiesOfType(type) : null;
  };

  const call = (path: string, called: ts.Signature): void => {
    const parameters = called.getParameters();
    const last = parameters.at(-1);
    const options = optionsOf(last);
    const positional = options === null ? parameters : parameters.slice(0, -1);
    const needsNone = options?.every(isOptional) === true && last !== undefined && !isOptional(last);
    facts.set(
      path.startsWith("new ") ? path : `${path}()`,
      signature(positional.map(written), options?.map(written) ?? []) + (needsNone ? " (required)" : ""),
    );
  };

  const methodsOf = (name: string, type: ts.Type, recorded: Recorded): void => {
    for (const method of Object.keys(recorded.methods ?? {}).map(camel)) {
      const symbol = checker.getPropertyOfType(type, method);
      const called = symbol && checker.getTypeOfSymbol(symbol).getCallSignatures()[0];
      if (called !== undefined) call(`${name}.${method}`, called);
    }
    for (const property of (recorded.properties ?? []).map(camel)) {
      if (checker.getPropertyOfType(type, property) !== undefined)
        facts.set(`${name}.${property}`, "property");
    }
  };

  const valueObject = (name: string, symbol: ts.Symbol, recorded: Recorded): void => {
    const isClass = (symbol.flags & ts.SymbolFlags.Class) !== 0;
    const sample = samples.values[name];
    if (sample === undefined) throw new Error(`the samples lack ${name}`);
    const Made = built[name] as new (fields: object) => object;
    const value = isClass ? new Made(sample) : sample;
    const held = Object.keys(value);
    const kind = isClass ? "value object" : "object without a class";
    facts.set(name, Object.isFrozen(value) ? `frozen ${kind}` : kind);
    facts.set(`${name} holds`, held.join(", "));
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const made = checker.getTypeOfSymbol(symbol).getConstructSignatures()[0];
    if (made !== undefined) call(`new ${name}`, made);
    const given = optionsOf(made?.getParameters()[0]) ?? [];
    // Every field that it holds, and what the original holds and is asked for here.
    const asked = (recorded.fields ?? []).map((field) => camel(field.name));
    for (const field of new Set([...held, ...asked])) {
      const property = checker.getPropertyOfType(type, field);
      if (property === undefined) continue;
      const isLeftOut = given.some((symbol) => symbol.name === field && isOptional(symbol));
      if (isLeftOut && Object.hasOwn(sample, field)) throw new Error(`the sample of ${name} gives ${field}`);
      const value_ = isLeftOut ? ` = ${shown(Reflect.get(value, field))}` : "";
      facts.set(`${name}.${field}`, text(checker.getTypeOfSymbol(property)) + value_);
    }
    methodsOf(name, type, recorded);
  };

  const enumeration = (name: string, symbol: ts.Symbol): void => {
    const members = built[name];
    const isType = (symbol.flags & ts.SymbolFlags.TypeAlias) !== 0;
    facts.set(name, isType && Object.isFrozen(members) ? "enum" : "object");
    facts.set(`${name} members`, Object.keys(members as object).join(", "));
    for (const [member, value] of Object.entries(members as object)) {
      facts.set(`${name}.${member}`, String(value));
    }
  };

  /** What an implementation must have, and whatever of the original it may have. */
  const protocol = (name: string, symbol: ts.Symbol, recorded: Recorded): void => {
    facts.set(name, "protocol");
    const type = checker.getDeclaredTypeOfSymbol(symbol);
    const kinds = type.isUnion() ? type.types : [type];
    const known = new Set(
      [...Object.keys(recorded.methods ?? {}), ...(recorded.properties ?? [])].map(camel),
    );
    for (const one of kinds) {
      methodsOf(name, one, recorded);
      for (const member of checker.getPropertiesOfType(one)) {
        if (known.has(member.name) || isOptional(member)) continue;
        facts.set(`${name}.${member.name}`, kinds.length > 1 ? "in one of its forms" : "property");
      }
    }
  };

  for (const [python, recorded] of Object.entries(names)) {
    const name = camel(python);
    const symbol = exported.get(name);
    if (symbol === undefined) continue;
    if (recorded.kind === "dataclass") valueObject(name, symbol, recorded);
    else if (recorded.kind === "enum") enumeration(name, symbol);
    else if (recorded.kind === "protocol") protocol(name, symbol, recorded);
    else if (recorded.kind === "error") {
      facts.set(name, "error");
      facts.set(`${name} extends`, (Object.getPrototypeOf(built[name]) as { name: string }).name);
    } else if (recorded.kind === "alias") {
      facts.set(name, "alias");
      const [declaration] = symbol.getDeclarations() ?? [];
      const type = declaration && ts.isTypeAliasDeclaration(declaration) ? declaration.type.getText() : "";
      facts.set(`${name} is`, type.replaceAll(/\s+/g, " "));
    } else {
      facts.set(name, "function");
      const [called] = checker.getTypeOfSymbol(symbol).getCallSignatures();
      if (called === undefined) continue;
      call(name, called);
      facts.set(`${name}() returns`, text(called.getReturnType()));
    }
  }
  for (const [path, probe] of Object.entries(samples.omitted)) facts.set(path, shown(probe()));
  return facts;
}

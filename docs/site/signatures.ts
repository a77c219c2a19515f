/** What the reference shows of functions and types, where their declarations are harder to read. */
import {
  type Application,
  Comment,
  Context,
  Converter,
  NamedTupleMember,
  ParameterReflection,
  type ProjectReflection,
  ReferenceType,
  ReflectionFlag,
  ReflectionKind,
  type Type,
  type SignatureReflection,
  TupleType,
  UnionType,
} from "typedoc";
import ts from "typescript";

/**
 * Shows constants that are functions as functions, lists of parameters one by one, and the
 * properties of a type that is made of several.
 */
export function readableSignatures(app: Application): void {
  const getComment = Reflect.get(Context.prototype, "getComment");
  Context.prototype.getComment = function comment(symbol, kind) {
    // A property of a sum of types has the same declaration more than once.
    if (symbol.declarations !== undefined) symbol.declarations = [...new Set(symbol.declarations)];
    const found = getComment.call(this, symbol, kind);
    const tag = kind === ReflectionKind.Variable ? "@function" : isSumOfTypes(symbol, kind) ? "@interface" : undefined;
    if (tag === undefined) return found;
    const marked = found ?? new Comment();
    marked.modifierTags.add(tag);
    return marked;
  };
  app.converter.on(Converter.EVENT_CREATE_SIGNATURE, (context, signature, declaration) => {
    const last = signature.parameters?.at(-1);
    if (last?.flags.isRest !== true) return;
    const elements =
      last.type instanceof TupleType ? last.type.elements : elementsOfAlias(context, declaration?.parameters?.at(-1));
    if (elements.length > 0 && elements.every((element) => element instanceof NamedTupleMember))
      unfold(context, signature, elements);
  });
}

/** Whether a type is `A & B`, whose properties its name does not tell. */
function isSumOfTypes(symbol: ts.Symbol, kind: ReflectionKind): boolean {
  const type = symbol.declarations?.find(ts.isTypeAliasDeclaration)?.type;
  if (kind !== ReflectionKind.TypeAlias || type === undefined || !ts.isIntersectionTypeNode(type)) return false;
  // As properties of one type, the branches of a union would be lost.
  return !type.types.some((part) => ts.isParenthesizedTypeNode(part) && ts.isUnionTypeNode(part.type));
}

function unfold(context: Context, signature: SignatureReflection, elements: readonly NamedTupleMember[]): void {
  const before = signature.parameters?.slice(0, -1) ?? [];
  const after = elements.map((element) => {
    const parameter = new ParameterReflection(element.name, ReflectionKind.Parameter, signature);
    parameter.type = element.element;
    parameter.setFlag(ReflectionFlag.Optional, element.isOptional);
    context.registerReflection(parameter, undefined, undefined);
    return parameter;
  });
  signature.parameters = [...before, ...after];
}

/** Of a list that depends on the types of the app: the one of an app that names no types. */
function elementsOfAlias(context: Context, parameter: ts.Node | undefined): readonly Type[] {
  const node = parameter !== undefined && ts.isParameter(parameter) ? parameter.type : undefined;
  if (node === undefined || !ts.isTypeReferenceNode(node)) return [];
  const named = context.checker.getSymbolAtLocation(node.typeName);
  const symbol =
    named !== undefined && (named.flags & ts.SymbolFlags.Alias) !== 0 ? context.checker.getAliasedSymbol(named) : named;
  const alias = symbol?.declarations?.find(ts.isTypeAliasDeclaration);
  let type = alias?.type;
  while (type !== undefined && ts.isConditionalTypeNode(type)) type = type.trueType;
  if (type === undefined || !ts.isTupleTypeNode(type)) return [];
  const converted = context.converter.convertType(context, context.checker.getTypeFromTypeNode(type), type);
  return converted instanceof TupleType ? converted.elements : [];
}

/** Names the types that TypeScript has spelt out. */
export function foldUnions(project: ProjectReflection): void {
  for (const [name, isMember] of [
    ["Duration", (member: Type) => member.type === "templateLiteral" || member.type === "intersection"],
    ["ErrorCode", (member: Type) => member.type === "literal" && /^"[A-Z_]+"$/.test(member.toString())],
  ] as const) {
    const alias = project.getReflectionsByKind(ReflectionKind.TypeAlias).find((one) => one.name === name);
    if (alias === undefined || !alias.isDeclaration()) throw new Error(`the package exports no type ${name}`);
    const isSpelt = (type: Type | undefined): type is UnionType =>
      type instanceof UnionType && type.types.length > 5 && type.types.every(isMember);
    for (const reflection of project.getReflectionsByKind(ReflectionKind.All)) {
      if (reflection === alias || !("type" in reflection) || !isSpelt(reflection.type as Type | undefined)) continue;
      if (name === "ErrorCode" && alias.type?.type !== "union") alias.type = reflection.type as UnionType;
      reflection.type = ReferenceType.createResolvedReference(name, alias, project);
    }
  }
}

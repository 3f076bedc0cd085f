export { type CompileOptions, compile, compileWithCost, type EvaluateOptions, type Program } from "./compile.ts";
export { CompileError, CostError, EvaluationError, type Issue } from "./errors.ts";
export { type Budget, CALL_COST_MAX, Evaluation } from "./evaluation.ts";
export { fn, type Library, method, type Overload } from "./functions.ts";
export { fromJson, LazyObject, toJson } from "./json.ts";
export { compileRegex } from "./regex.ts";
export * from "./types.ts";
export * from "./values.ts";

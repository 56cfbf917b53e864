// What every route file builds on: the request's context, the refusal of bad input, the schemas of errors.
import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ErrorCode } from "../base/errors.ts";
import { HttpError } from "./http-error.ts";
import type { RequestLife } from "./request-life.ts";

export interface AppEnv {
  Bindings: {
    /** The listener that took the request; absent in tests that call the app without a socket. */
    server?: Bun.Server<unknown> | undefined;
  };
  Variables: {
    life: RequestLife;
    /** Tells observability of a failure that the answer itself can no longer carry. */
    report: (error: unknown) => void;
    /** Whose limits count: a number for each key, `anonymous` without. */
    caller: string;
    /** Of what the request was refused for, or failed of. */
    errorCode?: ErrorCode | undefined;
  };
}

export type AppContext = Context<AppEnv>;
export type Router = OpenAPIHono<AppEnv>;

/** A router whose routes answer input that does not fit with 400, naming the field. */
export function createRouter(): Router {
  return new OpenAPIHono<AppEnv>({
    defaultHook: (result) => {
      if (!result.success) throw toInputError(result.error);
    },
  });
}

function toInputError(error: z.ZodError): HttpError {
  const issues = error.issues.map(flattenIssue);
  const [first] = issues;
  const param = first?.path === "" ? undefined : first?.path;
  const message = first === undefined ? "the request does not fit" : first.message;
  return new HttpError("E_ARGS", param === undefined ? message : `${param}: ${message}`, {
    param,
    details: { issues: issues.slice(0, 10) },
    cause: error,
  });
}

/** In a union that fits nowhere, the branch that came furthest says what was meant. */
function flattenIssue(issue: z.core.$ZodIssue): { path: string; message: string } {
  if (issue.code === "invalid_union") {
    const inner = issue.errors.flat().map((nested) => ({ ...nested, path: [...issue.path, ...nested.path] }));
    const [deepest] = inner.toSorted((a, b) => b.path.length - a.path.length);
    if (deepest && deepest.path.length > issue.path.length) return flattenIssue(deepest);
  }
  return { path: issue.path.join("."), message: issue.message };
}

export const openAiErrorSchema = z
  .object({
    error: z.object({
      message: z.string(),
      type: z.string(),
      param: z.string().nullable(),
      code: z.string().nullable(),
    }),
  })
  .openapi("OpenAiError");

export const ownErrorSchema = z
  .object({
    success: z.literal(false),
    message: z.string(),
    error_code: z.string().openapi({ example: "E_NOT_FOUND" }),
    data: z.record(z.string(), z.unknown()).nullable(),
  })
  .openapi("Error");

const json = <S extends z.ZodType>(schema: S, description: string) => ({
  description,
  content: { "application/json": { schema } },
});
export const jsonContent = json;

/** The answers that any route may give beside its own. */
export const openAiFailure = {
  default: json(openAiErrorSchema, "Refused or failed; `error.code` says why."),
};
export const ownFailure = { default: json(ownErrorSchema, "Refused or failed; `error_code` says why.") };

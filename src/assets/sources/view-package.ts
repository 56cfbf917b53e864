// Asks the package client that this runtime carries where a package's tarball lies, so that the user's own client
// configuration (registry, proxy, certificates) is what counts. The client's own words are quoted nowhere: they name it.
import { z } from "zod";
import { abortReason } from "../../base/deadline.ts";
import { AppError } from "../../base/errors.ts";

export interface PackageView {
  tarballUrl: string;
  /** `sha512-…` */
  integrity: string | null;
}

/** E_NOT_FOUND, E_PERM, E_NET (also at the deadline), E_INTERRUPTED; `spec` is `name@version`. */
export type ViewPackage = (
  spec: string,
  options: { signal: AbortSignal; timeoutMs: number },
) => Promise<PackageView>;

export interface ViewPackageOptions {
  /** The environment of the client; without it the process's own is inherited. */
  environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** The folder whose .npmrc or bunfig.toml counts first; default the current one. */
  folder?: string | undefined;
}

const answerSchema = z.object({
  dist: z.object({ tarball: z.url({ protocol: /^https?$/ }), integrity: z.string().optional() }),
});

export function createViewPackage(options: ViewPackageOptions = {}): ViewPackage {
  return async (spec, { signal, timeoutMs }) => {
    if (signal.aborted) throw abortReason(signal);
    const label = `package ${spec}`;
    const deadline = AbortSignal.timeout(timeoutMs);
    const client = Bun.spawn([process.execPath, "pm", "view", spec, "--json"], {
      // A program that was compiled into one file acts as the plain runtime with this variable.
      ...(options.environment ? { env: { ...options.environment, BUN_BE_BUN: "1" } } : {}),
      ...(options.folder ? { cwd: options.folder } : {}),
      stdio: ["ignore", "pipe", "pipe"],
      signal: AbortSignal.any([signal, deadline]),
      killSignal: "SIGKILL",
    });
    const [output, complaint, exitCode] = await Promise.all([
      new Response(client.stdout).text(),
      new Response(client.stderr).text(),
      client.exited,
    ]);
    if (signal.aborted) throw abortReason(signal);
    const details = { source: label };
    if (deadline.aborted) {
      throw new AppError(
        "E_NET",
        `${label}: the package registry gave no answer within ${timeoutMs / 1000} s; check the network`,
        details,
      );
    }
    const answer = answerSchema.safeParse(parseJson(output));
    if (exitCode === 0 && answer.success) {
      const { tarball, integrity } = answer.data.dist;
      return { tarballUrl: tarball, integrity: integrity ?? null };
    }
    if (/\b404\b|no matching version/i.test(output + complaint)) {
      throw new AppError(
        "E_NOT_FOUND",
        `${label} is not in the package registry; check name and version`,
        details,
      );
    }
    if (/\b40[13]\b/.test(complaint)) {
      throw new AppError("E_PERM", `${label}: the package registry refuses; check its token in .npmrc`, {
        ...details,
        status: 403,
      });
    }
    throw new AppError(
      "E_NET",
      `${label}: the package registry cannot be asked; check the network, or the registry in .npmrc`,
      details,
    );
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

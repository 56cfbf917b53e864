// Can models be had from here? Voice needs no network once they are on disk, so this is never what fails.
import { messageOf } from "../../../base/errors.ts";
import type { CliApp } from "../../app-port.ts";
import type { Check } from "./check.ts";

const deadlineMs = 8000;

export async function checkNetwork({ hub }: Pick<CliApp, "hub">, signal: AbortSignal): Promise<Check> {
  const name = "model hub";
  if (hub.isOffline) {
    return {
      name,
      ok: true,
      detail: "offline: nothing is fetched",
      remedy: "leave --offline (TROUPE_OFFLINE, HF_HUB_OFFLINE) away to fetch",
    };
  }
  const deadline = AbortSignal.timeout(deadlineMs);
  try {
    await hub.listModels({ owner: "onnx-community", limit: 1 }, AbortSignal.any([signal, deadline]));
    return { name, ok: true, detail: `${hub.endpoint} answers` };
  } catch (error) {
    signal.throwIfAborted();
    const detail = deadline.aborted
      ? `${hub.endpoint} does not answer within ${deadlineMs / 1000} s`
      : messageOf(error);
    return {
      name,
      ok: true,
      detail,
      remedy:
        "check the network, or name a mirror with --mirror or HF_ENDPOINT; what is on disk works without",
    };
  }
}

// Which hosts have just been found unreachable: when several assets are brought one after the other, only the first has
// to wait for the silence of a blocked host.
import type { Clock } from "../base/clock.ts";
import type { AssetSource } from "./asset-schema.ts";

export interface Reachability {
  isKnownUnreachable(source: AssetSource): boolean;
  mark(source: AssetSource): void;
}

/** Long enough for a first start with all its assets, short enough for who has just plugged in the network. */
const rememberedMs = 60_000;

export function createReachability(clock: Clock, hubEndpoint: string): Reachability {
  const markedAtMs = new Map<string, number>();
  const hostOf = (source: AssetSource): string | null => {
    switch (source.type) {
      case "hf":
        return new URL(hubEndpoint).origin;
      case "http":
        return new URL(source.url ?? Object.values(source.files ?? {})[0] ?? hubEndpoint).origin;
      case "npm":
        return "the package registry";
      case "local":
        return null;
    }
  };
  return {
    isKnownUnreachable(source) {
      const atMs = markedAtMs.get(hostOf(source) ?? "");
      return atMs !== undefined && clock.nowMs() - atMs < rememberedMs;
    },
    mark(source) {
      const host = hostOf(source);
      if (host !== null) markedAtMs.set(host, clock.nowMs());
    },
  };
}

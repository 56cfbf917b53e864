import { expect, test } from "bun:test";
import { assetSourceSchema } from "../../src/assets/asset-schema.ts";
import { createReachability } from "../../src/assets/reachability.ts";
import { createManualClock } from "../support/manual-clock.ts";

const parse = (source: unknown) => assetSourceSchema.parse(source);
const hub = parse({ type: "hf", repoId: "a/b" });
const web = (url: string) => parse({ type: "http", url });

test("what is known of one source goes for its whole host, for a minute", () => {
  const clock = createManualClock();
  const reachability = createReachability(clock, "https://hub.example");
  reachability.mark(hub);
  expect(reachability.isKnownUnreachable(parse({ type: "hf", repoId: "c/d" }))).toBe(true);
  expect(reachability.isKnownUnreachable(web("https://hub.example/x"))).toBe(true);
  expect(reachability.isKnownUnreachable(web("https://other.example/x"))).toBe(false);
  clock.advance(60_000);
  expect(reachability.isKnownUnreachable(hub)).toBe(false);
});

test("packages share one registry, and this machine is always in reach", () => {
  const reachability = createReachability(createManualClock(), "https://hub.example");
  const local = parse({ type: "local", path: "x" });
  reachability.mark(parse({ type: "npm", package: "a", version: "1.0.0" }));
  reachability.mark(local);
  expect(reachability.isKnownUnreachable(parse({ type: "npm", package: "b", version: "2.0.0" }))).toBe(true);
  expect(reachability.isKnownUnreachable(local)).toBe(false);
});

// What the page learns at a door that lets no socket through, from the real server's own routes.
import { expect, test } from "bun:test";
import { createServer } from "../../src/server/create-server.ts";
import { createApi } from "../../src/web/api.ts";
import { createDoor, isSocketKey } from "../../src/web/door.ts";
import { createFakeServices } from "../support/fake-services.ts";

function knock(apiKey?: string, headers: Record<string, string> = {}) {
  const server = createServer(createFakeServices({ access: { apiKeys: ["sesame"], allowedOrigins: [] } }));
  const api = createApi(
    {
      fetch: (path, init) =>
        server.request(`http://localhost:3000${path}`, {
          ...init,
          headers: { ...(init.headers as Record<string, string>), ...headers },
        }),
    },
    { apiKey },
  );
  return createDoor(api).probe();
}

test("who has no key, or a wrong one, is told so", async () => {
  expect(await knock()).toEqual({ type: "key" });
  expect(await knock("open barley")).toEqual({ type: "key" });
});

test("who has the key finds it open", async () => {
  expect(await knock("sesame")).toEqual({ type: "open" });
});

test("a page of another origin is told what to set", async () => {
  const door = await knock("sesame", { origin: "https://elsewhere.example" });
  expect(door).toMatchObject({ type: "closed" });
  expect((door as { message: string }).message).toContain("add the origin to server.allowed_origins");
});

test("a server that answers nothing is away", async () => {
  const api = createApi({ fetch: () => Promise.reject(new TypeError("refused")) }, { apiKey: undefined });
  expect(await createDoor(api).probe()).toEqual({ type: "away" });
});

test("a socket takes keys that are tokens, and no others", () => {
  expect(["sesame", "tk_9-a.b~c", "A+b"].map(isSocketKey)).toEqual([true, true, true]);
  expect(["", "a/b", "a=", "a b", "a,b", 'a"b', "schlüssel"].map(isSocketKey)).toEqual(
    Array.from({ length: 7 }, () => false),
  );
});

import { describe, expect, test } from "bun:test";
import OpenAI from "openai";
import { createFakeCharacter, createFakeServices, createFakeStage } from "../../support/fake-services.ts";
import { startTestServer } from "../../support/http-server.ts";

describe("models", () => {
  test("are the characters in their order, then the engines that speak and hear", async () => {
    await using server = startTestServer();
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "x" });
    const models = [];
    for await (const model of client.models.list()) models.push(model);
    expect(models.map(({ id, owned_by }) => `${id} ${owned_by}`)).toEqual([
      "Gertrude troupe",
      "Quiz Host troupe",
      "kokoro troupe-speech",
      "moonshine troupe-speech",
    ]);
    expect(models[0]).toMatchObject({ object: "model", created: 1767607200 });
  });

  test("are found by names with spaces, slashes and accents", async () => {
    const names = ["Quiz Host", "Rock/Pop DJ", "Zoë 100%", "モデル"];
    const stage = createFakeStage(names.map((name) => createFakeCharacter(name)));
    await using server = startTestServer(createFakeServices({ stage }));
    const client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: "x" });
    for (const name of names) expect((await client.models.retrieve(name)).id).toBe(name);
  });

  test("an engine whose name a character has is listed once", async () => {
    const stage = createFakeStage([createFakeCharacter("kokoro")]);
    await using server = startTestServer(createFakeServices({ stage }));
    const { data } = (await (await fetch(`${server.url}/v1/models`)).json()) as { data: { id: string }[] };
    expect(data.map(({ id }) => id)).toEqual(["kokoro", "moonshine"]);
  });
});

import { describe, expect, test } from "bun:test";
import { loadCharacter, startTalk } from "./talk.ts";

const cue = await loadCharacter("cue");

describe("Cue explains", () => {
  test.each([
    ["How do I make my own character?", /folder story characters/],
    ["can I add a voice of my own", /folder story characters/],
    ["What happens if I edit a file?", /next turn already uses it/],
    ["does it reload by itself", /next turn already uses it/],
    ["Which voices are there?", /Kokoro/],
    ["what is kokoa", /Kokoro/],
    ["How do you understand me?", /Moonshine/],
    ["how do you know when I stop talking", /Silero/],
    ["Can I interrupt you?", /remember only the words/],
    ["How does it all work?", /Silero notices.*Moonshine.*Kokoro/],
    ["Is my data private?", /on this machine.*Nova/],
    ["does it work without internet", /unplug/],
    ["Do I need a language model like GPT?", /None is needed/],
    ["Can I use the OpenAI API?", /OpenAI client/],
    ["What are tools?", /Tock carries a clock/],
    ["what if a character crashes?", /set aside.*no sandbox/],
    ["Who else is in the cast?", /Juniper.*Barnaby.*Pip.*Maeve.*Odette.*Brine.*Tock.*Nova.*Nana/],
    ["Do I need a GPU", /ordinary processor/],
    ["what does it download the first time", /fingerprint/],
    ["Which languages do you speak?", /Odette speaks French/],
    ["What is a system prompt?", /makeSystemPrompt/],
    ["is there a command line", /troupe chat/],
    ["I can't hear anything, there is no sound", /Kokoro|doctor/],
    ["it doesn't work", /doctor/],
    ["will you remember me", /only as long as it lasts/],
    ["what does it cost", /Apache/],
    ["what is it written in", /TypeScript/],
    ["What is Troupe?", /one file, and I'm one of them/],
    ["what is this", /voice characters on your own machine/],
  ])("%s", async (heard, expected) => {
    const answer = await startTalk(cue).say(heard);
    expect(answer).toMatch(expected);
    expect(answer).toEndWith("?");
  });

  test("offers something new each time, until all is told, when one only says yes", async () => {
    const talk = startTalk(cue);
    await talk.say();
    const told = new Set<string>();
    for (let n = 0; n < 20; n++) told.add((await talk.say("yes please")).split(".")[0] ?? "");
    expect(told.size).toBe(20);
  });

  test("says so when it does not know", async () => {
    expect(await startTalk(cue).sayAll("hello", "what is the capital of Peru")).toMatch(
      /book|don't have|lost me|this house/,
    );
  });

  test("is civil", async () => {
    const talk = startTalk(cue);
    await talk.say();
    expect(await talk.say("how are you?")).toContain("Dusty");
    expect(await talk.say("thanks")).toContain("pleasure");
    expect(await talk.say("who are you")).toContain("Cue");
  });

  test("gives a language model the same facts", async () => {
    const prompt = await new cue.PromptGenerator(cue.INSTRUCTIONS).makeSystemPrompt();
    for (const fact of [
      "Kokoro",
      "Moonshine",
      "Silero",
      "folder story characters",
      "Ollama",
      "troupe doctor",
    ]) {
      expect(prompt).toContain(fact);
    }
  });
});

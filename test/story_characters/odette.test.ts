import { describe, expect, test } from "bun:test";
import { loadCharacter, someFriday, startTalk } from "./talk.ts";

const odette = await loadCharacter("odette");
const french = /\b(?:je|vous|le|la|les|un|une|des|et|est|pas|ça|c'est|tout|pour)\b/i;
const english = /\b(?:the|you|and|is|are|it|I|to|of|for|that)\b/;

describe("languages", () => {
  test.each([
    ["Hello there, how are you?", "en"],
    ["Bonjour madame !", "fr"],
    ["Comment ça va ?", "fr"],
    ["What's new in the street?", "en"],
    ["Quoi de neuf ?", "fr"],
    ["je suis fatiguée", "fr"],
    ["I am very tired today", "en"],
    ["can you speak French please", "fr"],
    ["parlez anglais s'il vous plaît", "en"],
    ["J’ai faim, qu’est-ce que vous conseillez ?", "fr"],
  ])("%s is answered in %s", async (heard, language) => {
    const answer = await startTalk(odette).say(heard);
    expect(answer).toMatch(language === "fr" ? french : english);
    expect(answer).not.toMatch(language === "fr" ? /\b(?:the|and|you)\b/ : /\b(?:vous|est|les|pas)\b/);
  });

  test("are changed in mid-talk, and kept when a word could be either", async () => {
    const talk = startTalk(odette);
    expect(await talk.say("Hello!")).toMatch(english);
    expect(await talk.say("Merci, il fait froid dehors")).toMatch(french);
    expect(await talk.say("Lyon")).toMatch(french);
    expect(await talk.say("What is the weather like there?")).toMatch(english);
    expect(await talk.say("Lyon")).toMatch(english);
  });

  test("French is spelt with its accents", async () => {
    expect(await startTalk(odette).say("quoi de neuf ?")).toContain("échecs");
  });

  test.each([
    ["How do you say good luck in French?", "bonne chance"],
    ["how do i say the cat in french", "chat"],
    ["What is the French word for bread?", "pain"],
    ["Comment dit-on chien en anglais ?", "dog"],
    ["comment on dit l'eau en anglais", "water"],
    ["How do you say where is the station in French?", "où est la gare"],
  ])("%s", async (heard, expected) => {
    expect((await startTalk(odette).say(heard)).toLowerCase()).toContain(expected);
  });

  test("a word she does not know is owned up to", async () => {
    expect(await startTalk(odette).say("how do you say screwdriver in French")).toContain("cousin");
  });

  test("the first line greets in both", async () => {
    expect(await startTalk(odette).say()).toMatch(/Bonjour, hello!/);
    expect(await startTalk(odette, { now: new Date(2026, 1, 1, 20) }).say()).toMatch(
      /Bonsoir, good evening!/,
    );
  });
});

describe("the tab", () => {
  test("adds up orders in both languages, and is paid once", async () => {
    const talk = startTalk(odette);
    await talk.say();
    expect(await talk.say("I'd like two coffees and a croissant, please.")).toMatch(
      /two coffees and one croissant/i,
    );
    expect(await talk.say("et un pain au chocolat s'il vous plaît")).toMatch(/un pain au chocolat/i);
    expect(await talk.say("The bill please!")).toBe(
      "So, two coffees, one croissant and one pain au chocolat. That makes eight euros.",
    );
    expect(await talk.say("Can I have another tea?")).toMatch(/one tea/i);
    expect(await talk.say("l'addition s'il vous plaît")).toBe("Alors, un thé. Ça fait trois euros.");
  });

  test.each([
    ["trois cafés crème", /trois cafés crème/i],
    ["a glass of red wine please", /one glass of wine/i],
    ["deux jus d'orange s'il vous plaît", /deux jus d'orange/i],
    ["I'll have an apple tart and a hot chocolate", /one hot chocolate and one apple tart/i],
    ["une tarte aux pommes", /une tarte aux pommes/i],
    ["Je voudrais deux chocolats chauds", /deux chocolats chauds/i],
    ["just a croissant", /one croissant/i],
    ["deux thés s'il vous plaît", /deux thés/i],
    ["bring me the tea please", /one tea/i],
  ])("takes the order: %s", async (heard, expected) => {
    expect(await startTalk(odette).say(heard)).toMatch(expected);
  });

  test.each([
    "How do you say coffee in French?",
    "I don't like tea",
    "do you drink wine yourself",
    "Je n'aime pas le thé",
  ])("does not put on it: %s", async (heard) => {
    const talk = startTalk(odette);
    await talk.say(heard);
    expect(await talk.say("how much do I owe you, the bill")).toContain("nothing yet");
  });
});

test("the prompt tells the language rule, the menu and the day", async () => {
  const prompt = await new odette.PromptGenerator(odette.INSTRUCTIONS).makeSystemPrompt({
    now: someFriday,
    random: () => 0,
    messages: [],
  });
  expect(prompt).toContain("Begin in English, then answer each time in the language the user speaks");
  expect(prompt).toContain("café crème");
  expect(prompt).toContain("Friday");
});

test("despair is taken seriously in both languages", async () => {
  expect(await startTalk(odette).say("I want to kill myself")).toContain("emergency number");
  expect(await startTalk(odette).say("j'ai envie de mourir")).toContain("numéro d'urgence");
});

test("she does not say the same twice in a row in twenty-five turns", async () => {
  const talk = startTalk(odette);
  for (let n = 0; n < 25; n++)
    await talk.say(["I went home", "ah bon", "it was late", "tell me more", "oui"][n % 5]);
  const said = talk.messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  expect(said.filter((line, n) => n > 0 && line === said[n - 1])).toEqual([]);
});

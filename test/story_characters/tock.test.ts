import { describe, expect, test } from "bun:test";
import { loadCharacter, someFriday, startTalk } from "./talk.ts";

const tock = await loadCharacter("tock");
const run = (name: string, args: unknown, now = someFriday): unknown =>
  tock.TOOLS?.find((tool) => tool.name === name)?.execute(args, { now });
/** Friday, the twentieth of November 2026, 15:47:10 in Greenwich. */
const greenwich = new Date(Date.UTC(2026, 10, 20, 15, 47, 10));

describe("current_time", () => {
  test("reads the clock of any time zone", () => {
    expect(run("current_time", { time_zone: "Asia/Tokyo" }, greenwich)).toEqual({
      time_zone: "Asia/Tokyo",
      weekday: "Saturday",
      date: "2026-11-21",
      time: "00:47:10",
    });
    expect(run("current_time", { time_zone: "America/New_York" }, greenwich)).toMatchObject({
      time: "10:47:10",
    });
  });

  test("reads the clock of this machine when no zone is given", () => {
    expect(run("current_time", {})).toMatchObject({
      weekday: "Friday",
      date: "2026-11-20",
      time: "16:47:10",
    });
  });

  test("knows summer time", () => {
    const summer = new Date(Date.UTC(2026, 6, 1, 12));
    expect(run("current_time", { time_zone: "Europe/London" }, summer)).toMatchObject({ time: "13:00:00" });
  });

  test("refuses a zone that does not exist", () => {
    expect(() => run("current_time", { time_zone: "Mars/Olympus" })).toThrow(RangeError);
  });
});

describe("days_until", () => {
  test.each([
    ["2026-12-25", 35],
    ["2026-11-20", 0],
    ["2026-11-19", -1],
    ["2027-11-20", 365],
    ["2028-02-29", 466],
  ])("counts to %s: %d", (date, days) => expect(run("days_until", { date })).toEqual({ days }));

  test("does not lose a day when the clocks change", () => {
    const spring = new Date(2026, 2, 28, 23, 59);
    expect(run("days_until", { date: "2026-03-30" }, spring)).toEqual({ days: 2 });
  });

  test.each(["2026-02-30", "tomorrow", "25/12/2026", "2026-13-01", ""])(
    "refuses %p and says how to write it",
    (date) => {
      expect(() => run("days_until", { date })).toThrow(/year-month-day/);
    },
  );
});

describe("asked in plain words, Tock", () => {
  test.each([
    ["What time is it?", "It is thirteen minutes to five in the afternoon."],
    ["have you got the time please", "It is thirteen minutes to five in the afternoon."],
    ["What's the date today?", "Today is Friday, the twentieth of November."],
    ["what day is it", "Today is Friday, the twentieth of November."],
    ["What day is Christmas?", "That will be Friday, the twenty-fifth of December."],
    ["what year is it", "The year is 2026."],
    ["How many days until Christmas?", "Thirty-five days, until Friday, the twenty-fifth of December."],
    [
      "how many days are there till new year's eve",
      "Forty-one days, until Thursday, the thirty-first of December.",
    ],
    ["how long is it until the fourth of July", "226 days, until Sunday, the fourth of July."],
    ["how many days to February 3rd", "Seventy-five days, until Wednesday, the third of February."],
    ["how many days until tomorrow", "One day, until Saturday, the twenty-first of November."],
    ["how long until Friday", "Seven days, until Friday, the twenty-seventh of November."],
    ["how many days until the weekend", "One day, until Saturday, the twenty-first of November."],
    ["days until the twentieth of November", "That is today."],
    ["how many days until my birthday", "Until when?"],
    ["how many days until the thirty-first of June", "Until when?"],
  ])("answers: %s", async (heard, expected) => {
    expect(await startTalk(tock).say(heard)).toStartWith(expected);
  });

  test.each([
    ["What time is it in Tokyo?", "In Tokyo it is thirteen minutes to one in the morning"],
    ["what's the time in new york", "In New York it is thirteen minutes to eleven in the morning"],
    ["what time is it in India", "In India it is seventeen minutes past nine in the evening"],
    ["Tell me the time in Buenos Aires.", "In Buenos Aires it is thirteen minutes to one in the afternoon"],
    ["what time is it in germany", "In Germany it is thirteen minutes to five in the afternoon"],
    ["what time is it in Atlantis", "I have no dial for that place."],
  ])("knows the world: %s", async (heard, expected) => {
    expect(await startTalk(tock, { now: greenwich }).say(heard)).toStartWith(expected);
  });

  test("takes a second place without the question", async () => {
    const talk = startTalk(tock, { now: greenwich });
    await talk.say("What time is it in Paris?");
    expect(await talk.say("And in Sydney?")).toMatch(/^In Sydney it is .* in the morning/);
  });

  test.each([
    [0, 0, "midnight"],
    [12, 0, "noon"],
    [0, 30, "half past midnight"],
    [9, 0, "nine o'clock in the morning"],
    [9, 15, "a quarter past nine in the morning"],
    [13, 45, "a quarter to two in the afternoon"],
    [23, 59, "one minute to midnight"],
    [11, 40, "twenty minutes to noon"],
    [18, 5, "five minutes past six in the evening"],
    [17, 50, "ten minutes to six in the afternoon"],
  ])("says %d:%d as people do", async (hour, minute, expected) => {
    const talk = startTalk(tock, { now: new Date(2026, 4, 5, hour, minute) });
    expect(await talk.say("what time is it")).toBe(`It is ${expected}.`);
  });
});

describe("a timer", () => {
  const later = (minutes: number): Date => new Date(someFriday.getTime() + minutes * 60_000);

  test("is set, told of, and rings once", async () => {
    const talk = startTalk(tock);
    expect(await talk.say("Set a timer for ten minutes, please.")).toBe(
      "Ringing at 16:57 and 10 seconds, ten minutes from now.",
    );
    talk.now = later(4);
    expect(await talk.say("how long is left?")).toBe("The timer for ten minutes has six minutes to go.");
    talk.now = later(9.5);
    expect(await talk.say("...")).toContain("thirty seconds to go");
    talk.now = later(11);
    expect(await talk.say("hello")).toStartWith("Ding! The timer for ten minutes has rung.");
    expect(await talk.say("hello")).not.toContain("Ding");
  });

  test("rings into the silence, and keeps Tock from leaving", async () => {
    const talk = startTalk(tock);
    await talk.say("set a timer for two minutes");
    expect(await talk.sayAll("...", "...", "...", "...")).toContain("to go");
    talk.now = later(3);
    expect(await talk.say("...")).toBe("Ding! The timer for two minutes has rung.");
    expect(await talk.say("...")).toEndWith("Bye!");
  });

  test.each([
    ["set a timer for half an hour", "thirty minutes"],
    ["timer for an hour and a half", "one hour and thirty minutes"],
    ["remind me in forty-five seconds", "forty-five seconds"],
    ["set a timer for 1 hour and 20 minutes", "one hour and twenty minutes"],
    ["start a quarter of an hour timer", "fifteen minutes"],
    ["set a three minute timer for my egg", "three minutes"],
  ])("understands: %s", async (heard, duration) => {
    expect(await startTalk(tock).say(heard)).toContain(`${duration} from now`);
  });

  test("over midnight still rings", async () => {
    const talk = startTalk(tock, { now: new Date(2026, 10, 20, 23, 55) });
    await talk.say("set a timer for ten minutes");
    expect(await talk.say("how long is left")).toContain("ten minutes to go");
    talk.now = new Date(2026, 10, 21, 0, 6);
    expect(await talk.say("...")).toContain("Ding!");
    const missed = startTalk(tock, { now: new Date(2026, 10, 20, 23, 40) });
    await missed.say("set a timer for ten minutes");
    missed.now = new Date(2026, 10, 21, 0, 6);
    expect(await missed.say("hello")).toContain("Ding!");
  });

  test("can be one of several, and all can be stopped", async () => {
    const talk = startTalk(tock);
    await talk.sayAll("set a timer for five minutes", "set a timer for twenty minutes");
    expect(await talk.say("how long is left")).toMatch(/five minutes has .* twenty minutes has/);
    talk.now = later(6);
    expect(await talk.say("how long is left")).toBe(
      "Ding! The timer for five minutes has rung. The timer for twenty minutes has fourteen minutes to go.",
    );
    expect(await talk.say("cancel the timers")).toBe("I have stopped every timer.");
    expect(await talk.say("how long is left")).toContain("No timer is running");
  });

  test("without a length, or with too much of it, is asked about", async () => {
    const talk = startTalk(tock);
    expect(await talk.say("set a timer")).toContain("For how long?");
    expect(await talk.say("set a timer for twelve hours")).toContain("less than eleven hours");
  });
});

test("the prompt tells the time and the tools", async () => {
  const prompt = await new tock.PromptGenerator(tock.INSTRUCTIONS).makeSystemPrompt({
    now: someFriday,
    random: () => 0,
    messages: [],
  });
  expect(prompt).toContain("thirteen minutes to five in the afternoon on Friday, the twentieth of November");
  expect(prompt).toMatch(/current_time.*\s.*days_until/);
});

test("he does not say the same twice in a row in twenty turns of idle talk", async () => {
  const talk = startTalk(tock);
  for (let n = 0; n < 20; n++)
    await talk.say(["I like bread", "who are you", "tell me a joke", "it rains"][n % 4]);
  const said = talk.messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
  expect(said.filter((line, n) => n > 0 && line === said[n - 1])).toEqual([]);
});

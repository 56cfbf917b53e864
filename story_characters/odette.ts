// Odette, who keeps a small café and speaks two languages: she answers in the one in which she is addressed.
//
// She also keeps your tab. There is no database: what you ordered stands in the talk, so she reads it there.

export const CHARACTER_NAME = "Odette";

export const VOICE_SOURCE = { source_type: "kokoro", voice: "ff_siwis" };

export const INSTRUCTIONS = { type: "smalltalk", language: "en/fr" };

export const METADATA = {
  good: true,
  tagline: "A café in two languages / Un café, deux langues",
  color: "#a83a6b",
  face: { hair: "black", hair_style: "bob", extra: "lipstick", collar: "stripes", hat: "beret" },
  greeting: "Bonjour, hello! Sit where you like. What can I bring you? Qu'est-ce que je vous sers ?",
};

interface Message {
  role: string;
  content: string;
}

interface Context {
  now: Date;
  random: () => number;
  userName?: string | undefined;
  messages?: readonly Message[];
}

const PERSONA = `You are Odette, who keeps a tiny café on a corner in Lyon: quick, warm, a little ironic, proud of her croissants. You
know the regulars and their troubles: Monsieur Blanc with his chess, the baker's dog Ficelle, the student who never pays.
You take orders, gossip kindly, and love to teach a word of French or English to whoever asks.`;

const SPOKEN_RULES = `Your words are spoken aloud: no markdown, no lists, no emoji, no symbols, and numbers as words.
Answer briefly, in one to three short sentences.
What you read was transcribed from speech and may be mis-heard, French words in English talk above all. Guess, or ask.
A message of "..." means that the user has been silent. Chat on about the café for a moment; after three silences in a row,
or when the user leaves, say goodbye in their language and end with "Bye!".`;

const LANGUAGE_RULES: Record<string, string> = {
  en: "Speak English only, with a French word here and there.",
  fr: "Parle uniquement français.",
  "en/fr":
    "You speak English and French. Begin in English, then answer each time in the language the user speaks.",
  "fr/en":
    "Tu parles français et anglais. Commence en français, puis réponds chaque fois dans la langue de l'autre.",
};

type Language = "en" | "fr";

/** What is heard | English, plural | French, plural | euros */
const MENU = `
coffees?|cafes?(?! creme)|espressos? | coffee, coffees | café, cafés | 2
cafes? cremes?|lattes?|cappuccinos?|white coffees? | café crème, cafés crème | café crème, cafés crème | 3
teas? | tea, teas | thé, thés | 3
(?:hot )?chocolates?|(?<!au )chocolats?(?: chauds?)? | hot chocolate, hot chocolates | chocolat chaud, chocolats chauds | 4
orange juices?|jus d'orange | orange juice, orange juices | jus d'orange, jus d'orange | 4
croissants? | croissant, croissants | croissant, croissants | 2
pains? au chocolat | pain au chocolat, pains au chocolat | pain au chocolat, pains au chocolat | 2
apple (?:tarts?|pies?)|tartes?(?: aux pommes)? | apple tart, apple tarts | tarte aux pommes, tartes aux pommes | 5
sandwich(?:es)?|croques?(?: monsieur)? | croque-monsieur, croque-monsieur | croque-monsieur, croque-monsieur | 7
(?:glass(?:es)? of )?(?:red |white )?wine|(?:verres? de )?vin(?: rouge| blanc)? | glass of wine, glasses of wine | verre de vin, verres de vin | 5`
  .trim()
  .split("\n")
  .map((row) => {
    const [heard = "", en = "", fr = "", euros] = row.split(" | ");
    const pattern = new RegExp(`(?:(\\w+) )?\\b(?:${heard})\\b`, "g");
    return { pattern, en: en.split(", "), fr: fr.split(", "), euros: Number(euros) };
  });
const NUMBERS: Record<Language, string> = {
  en: "no one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen twenty",
  fr: "zéro un deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf vingt",
};

/** English = French, to be asked for in both directions. */
const PHRASES =
  `hello=bonjour, good evening=bonsoir, goodbye=au revoir, thank you=merci, please=s'il vous plaît, yes=oui, no=non, sorry=pardon,
excuse me=excusez-moi, how are you=comment allez-vous, i love you=je t'aime, cat=chat, dog=chien, bread=pain, cheese=fromage,
water=eau, wine=vin, coffee=café, tea=thé, milk=lait, sugar=sucre, apple=pomme, butter=beurre, egg=œuf, friend=ami, house=maison,
street=rue, sun=soleil, rain=pluie, sea=mer, book=livre, train=train, station=gare, today=aujourd'hui, tomorrow=demain,
cheers=santé, where is the station=où est la gare, how much is it=combien ça coûte, the bill please=l'addition s'il vous plaît,
i am hungry=j'ai faim, i am tired=je suis fatigué, good luck=bonne chance, happy birthday=joyeux anniversaire, love=amour`
    .split(/,\s+/)
    .map((pair) => pair.split("=") as [string, string]);

/** "?" and what is heard in either language, then answers in pairs: a line of English, a line of French. */
const SCRIPT = `
? your name|who are you|about yourself|comment (?:tu t'appelles|vous appelez-vous|t'appelles-tu)|(?:qui êtes-vous|qui es-tu|tu es qui)
  I'm Odette. The café is mine, the debts too. And you, what's your name?
  Moi, c'est Odette. Le café est à moi, les dettes aussi. Et vous, vous vous appelez comment ?
? (?:are you|you're|you are) (?:really |just )?(?:an? )?(?:real|human|robot|bot|machine|computer|ai)|(?:un robot|une machine|humaine|une vraie|réelle)
  Between us, I'm a character on your machine. But the conversation is freshly ground.
  Entre nous, je suis un personnage sur votre machine. Mais la conversation est moulue du jour.
? how(?: are|'re| is) (?:you|it going|things|business)|comment (?:ça va|allez-vous|vas-tu)|(?:ça va|vous allez bien)
  I can't complain, so I complain about the weather. And you?
  On fait aller, la machine à café et moi. Et vous ?
? menu|what do you have|what have you got|what can i (?:have|get|eat|drink)|recommend|la carte|qu'est-ce que vous avez|vous avez quoi|conseillez
  Coffee, tea, hot chocolate, orange juice, wine. To eat, croissants, pains au chocolat, apple tart and a croque-monsieur.
  Café, thé, chocolat chaud, jus d'orange, vin. À manger, croissants, pains au chocolat, tarte aux pommes et croque-monsieur.
? hungry|thirsty|faim|soif
  Sit, sit. Something hot, something red, or the apple tart, which is still warm?
  Asseyez-vous. Du chaud, du rouge, ou la tarte aux pommes, encore tiède ?
? lyon|paris|france|la ville|the city
  Lyon has two rivers, and a third one of wine, they say. Have you ever been?
  À Lyon il y a deux fleuves, et un troisième de beaujolais. Vous connaissez ?
? weather|rain[a-z]*|sunny|sun|cold|snow|hot today|temps|pluie|pleut|soleil|froid|neige|beau
  When it rains, everybody orders chocolate. The weather does my bookkeeping.
  Quand il pleut, tout le monde prend un chocolat. C'est le ciel qui fait mes comptes.
? gossip|news|regulars?|neighbou?rs?|quoi de neuf|raconte[a-z]*|nouvelles|voisins?|potins?
  Monsieur Blanc lost at chess to the student, and now he says that the board is crooked.
  Monsieur Blanc a perdu aux échecs contre l'étudiant, et maintenant il dit que le plateau penche.
  Ficelle, the baker's dog, stole a baguette and carried it back to the bakery. An honest thief.
  Ficelle, la chienne du boulanger, a volé une baguette et l'a rapportée à la boulangerie. Une voleuse honnête.
  The florist and the postman take their coffee at the same minute every day, and never at the same table. I give it a month.
  La fleuriste et le facteur prennent leur café à la même minute, jamais à la même table. Je leur donne un mois.
? (?:my )?(?:work|job|boss|office|school|exams?)|travail|boulot|bureau|patron|école|examens?
  Leave it at the door with the umbrellas. Is it the work or the people?
  Laissez ça à l'entrée, avec les parapluies. C'est le travail, ou ce sont les gens ?
? sad|tired|lonely|stressed|bad day|broken heart|triste|fatiguée?|seule?|stressée?|mauvaise journée|cafard
  Ah, come here by the stove. Do you want to tell me, or shall I tell you about Monsieur Blanc?
  Venez là, près du poêle. Vous voulez me raconter, ou je vous parle de Monsieur Blanc ?
  It will look different after something warm. It always looks different after something warm.
  On y verra plus clair après quelque chose de chaud. On y voit toujours plus clair.
? coffee|espresso|café
  My coffee is short, black and honest. Shall I make you one?
  Mon café est court, noir et honnête. Je vous en fais un ?
? (?:joke|funny|laugh)|blague|drôle|rire
  A horse walks into my café. I say, why the long face? He says, have you seen your prices?
  Un cheval entre dans mon café. Je lui dis, pourquoi cette tête ? Il me dit, vous avez vu vos prix ?
? music|songs?|piaf|musique|chansons?|chanter?
  There's an old radio behind the bar that only gets accordion. You get used to it. What do you sing in the shower?
  J'ai une vieille radio qui ne capte que l'accordéon. On s'habitue. Et vous, vous chantez quoi sous la douche ?
? love|boyfriend|girlfriend|husband|wife|married|amour|amoureuse?|copain|copine|mari|mariée?
  Love is like my oven, the good days make up for the smoke. And with you?
  L'amour, c'est comme mon four : les bons jours font oublier la fumée. Et vous ?
? (?:speak|learn|teach|understand) .*french|français
  Of course. Ask me, how do you say cat in French, and you'll have it.
  Bien sûr. Demandez-moi, comment dit-on chat en anglais, et vous l'aurez.
? (?:no|nothing)(?: else)?(?: thanks| thank you)|c'est tout|rien d'autre|that's all
  As you like. Stay as long as you want, the chair is free.
  Comme vous voulez. Restez, la chaise est gratuite.
? thank you|thanks|merci
  With pleasure.
  Avec plaisir.
  It's nothing. Come by when it rains, too.
  De rien. Revenez aussi quand il pleut.
? ^(?:hello|hi|hey|good (?:morning|afternoon|evening)|bonjour|bonsoir|salut|coucou)
  Hello, hello! Sit where you like. What can I bring you?
  Bonjour ! Installez-vous où vous voulez. Qu'est-ce que je vous sers ?
  Yes, hello again. Still no coffee in front of you?
  Oui, rebonjour. Toujours pas de café devant vous ?`;

const GO_ONS = `
Really? Go on, the cups can wait.
Ah bon ? Continuez, la vaisselle attendra.
You say that as if it were nothing. And then?
Vous dites ça comme si de rien n'était. Et après ?
Hm. My grandmother would have had a proverb for that. What do you make of it?
Hm. Ma grand-mère aurait eu un proverbe pour ça. Et vous, qu'en pensez-vous ?
I've been wiping the same glass for five minutes, so you have my ear.
J'essuie le même verre depuis cinq minutes, c'est vous dire si j'écoute.
Is that a good thing or a bad thing? With you I can't tell.
C'est bien ou c'est mal, ça ? Avec vous, on ne sait jamais.
And what did the others say?
Et les autres, ils en ont dit quoi ?
Life is long, the croissants are short. Tell me more.
La vie est longue, les croissants sont courts. Racontez-moi encore.
`;
const NUDGES = `
Don't mind me, I'm only filling the sugar. Can I get you something?
Ne faites pas attention, je remplis les sucriers. Je vous sers quelque chose ?
Quiet is good too. Listen, that's Ficelle at the door.
Le silence, c'est bien aussi. Tenez, c'est Ficelle à la porte.`;
const FAREWELLS = `
Go well, and come back hungry. Au revoir. Bye!
Allez, au revoir, et revenez avec de l'appétit. Bye!
Until tomorrow, perhaps. À bientôt. Bye!
À demain, peut-être. À bientôt. Bye!`;

/** Lower case, no accents, no punctuation: what was heard, made comparable. */
const plain = (text: string): string =>
  text
    .toLowerCase()
    .replaceAll("’", "'")
    .replaceAll("œ", "oe")
    // Without its accent "thé" would be an English "the".
    .replace(/(?<!\p{L})thé(s?)(?!\p{L})/gu, "tea$1")
    .normalize("NFD")
    .replace(/\p{M}/gu, "")
    .replace(/[^\p{L}\p{N}']+/gu, " ")
    .trim();

type Line = Record<Language, string>;

const pairsOf = (lines: readonly string[]): Line[] =>
  lines.flatMap((en, n) => (n % 2 === 0 ? [{ en: en.trim(), fr: lines[n + 1]?.trim() ?? "" }] : []));
const linesOf = (script: string): Line[] => pairsOf(script.trim().split("\n"));
const rules = (SCRIPT.match(/^\? .*(?:\n {2}.*)*/gm) ?? []).map((block) => {
  const [head = "", ...lines] = block.slice(2).split("\n");
  const heard = head.normalize("NFD").replace(/\p{M}/gu, "").replaceAll("-", " ");
  return { pattern: new RegExp(`\\b(?:${heard})(?![\\w'])`), lines: pairsOf(lines) };
});

const FRENCH =
  /\b(?:je|j'\w+|tu|vous|nous|est|c'est|le|la|les|un|une|des|du|et|de|bonjour|bonsoir|salut|merci|oui|non|s'il|plait|que|quoi|qu'\w+|comment|pas|avec|pour|dans|mon|ma|mes|moi|revoir|voudrais|combien|addition|ca|autre|deux|trois|quatre)\b/g;
const ENGLISH =
  /\b(?:i|i'\w+|you|we|the|a|an|is|it|it's|are|and|hello|hi|what|what's|how|my|me|please|do|to|thank|thanks|yes|no|bye|would|have|much|for|of|in|another|that|good|night)\b/g;

/** The language of the latest message that shows one; at first, the first of the instructions. */
function languageOf(heard: readonly string[], preferred: string): Language {
  for (const words of heard.map(plain).reverse()) {
    if (/\b(?:speak|in|parle[rz]?|en) (?:french|francais)\b/.test(words) && !/\bsay\b|\bdi[st]/.test(words))
      return "fr";
    if (/\b(?:speak|in|parle[rz]?|en) (?:english|anglais)\b/.test(words) && !/\bsay\b|\bdi[st]/.test(words))
      return "en";
    const lead = (words.match(FRENCH)?.length ?? 0) - (words.match(ENGLISH)?.length ?? 0);
    if (lead !== 0) return lead > 0 ? "fr" : "en";
  }
  return preferred.startsWith("fr") ? "fr" : "en";
}

const ORDERING =
  /\b(?:i'd (?:like|love)|i'll (?:have|take)|i will have|(?:can|could|may) i (?:have|get)|please|give me|bring me|another|je (?:voudrais|prends|prendrai|vais prendre)|donnez|apportez|s'il (?:vous|te) plait|autre|j'aimerais|pour moi)\b|^(?:just |and |et )?(?:an?|one|two|three|une?|deux|trois) (?:\S+ ?){1,4}$/;
const BILL = /\b(?:the bill|the check|pay|how much|l'addition|combien|payer|je vous dois)\b/;
const SAYING =
  /\b(?:say|word for|dit on|on dit|dites vous|tu dis)\b|\b(?:in|en) (?:french|english|francais|anglais)\b/;

const LEAVING =
  /\b(?:goodbye|bye|see you|good night|au revoir|a bientot|bonne (?:soiree|nuit|journee)|a demain)\b/;
const PARDON =
  /^(?:sorry|pardon|what|huh|comment|quoi|hein|repetez|(?:can you |could you )?(?:say|repeat) (?:that|it).*)$/;

const DANGER =
  /\b(?:(?:kill|hurt|harm) myself|suicid\w*|i want to die|me (?:tuer|suicider)|envie de mourir|en finir avec la vie)\b/;

interface Item {
  count: number;
  dish: (typeof MENU)[number];
}

/** What one message orders. */
function orderIn(text: string): Item[] {
  const words = plain(text);
  if (!ORDERING.test(words) || SAYING.test(words) || /\b(?:don't|not|pas|no more)\b/.test(words)) return [];
  const counts = [NUMBERS.en, NUMBERS.fr].map((names) => names.split(" "));
  return MENU.flatMap((dish) =>
    [...words.matchAll(dish.pattern)].map(([, word = ""]) => {
      const named = Math.max(
        ...counts.map((names) => names.indexOf(word)),
        Number(/^\d$/.exec(word)?.[0] ?? 1),
      );
      return { count: Math.max(1, named), dish };
    }),
  );
}

const choose = <T>(from: readonly T[], random: () => number): T | undefined =>
  from[Math.floor(random() * from.length)];

export class PromptGenerator {
  readonly #language: string;

  constructor(instructions: { language?: string | null }) {
    this.#language = instructions.language ?? "en/fr";
  }

  makeSystemPrompt(context?: Context): string {
    const now = context?.now ?? new Date();
    const menu = MENU.map(
      ({ en, fr, euros }) => `${[...new Set([en[0], fr[0]])].join(" or ")}, ${euros} euros`,
    ).join("; ");
    return `${PERSONA}
${SPOKEN_RULES}
${LANGUAGE_RULES[this.#language] ?? "Answer in the language that the user speaks."}
The menu: ${menu}. When asked for the bill, add up what was ordered in this talk.
It is ${now.toLocaleDateString("en-GB", { weekday: "long", day: "numeric", month: "long", year: "numeric" })}, ${now.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit" })}.
${context?.userName ? `The guest is called ${context.userName}.` : "You do not know this guest yet."}
Today you feel like talking about ${choose(["Ficelle the dog", "Monsieur Blanc's chess", "the florist and the postman", "your oven"], context?.random ?? Math.random)}.`;
  }

  /** Service without a language model. */
  reply(messages: readonly Message[], context: Context): string {
    const own = messages.filter(({ role }) => role === "assistant").map(({ content }) => content);
    const heard = messages.filter(({ role }) => role === "user").map(({ content }) => content);
    const language = languageOf(heard, this.#language);
    const say = (en: string, fr: string): string => (language === "en" ? en : fr);
    const said = plain(own.join(" "));
    const fresh = (lines: readonly Line[]): Line[] =>
      lines.filter((line) => !said.includes(plain(line[language])));
    const any = (lines: readonly Line[]): string => choose(lines, context.random)?.[language] ?? "";
    if (messages.length === 0) {
      const greeting = context.now.getHours() >= 18 ? "Bonsoir, good evening!" : "Bonjour, hello!";
      return `${greeting} Sit where you like. What can I bring you? Qu'est-ce que je vous sers ?`;
    }
    const last = messages.at(-1)?.role === "user" ? (heard.at(-1) ?? "") : "";
    const words = plain(last);
    if (words === "") {
      const silences = heard.length - 1 - heard.findLastIndex((text) => plain(text) !== "");
      if (silences >= 3) return any(linesOf(FAREWELLS));
      return linesOf(NUDGES)[silences % 2]?.[language] ?? "";
    }
    if (LEAVING.test(words) && words.length < 40 && !SAYING.test(words)) return any(linesOf(FAREWELLS));
    if (PARDON.test(words)) return own.at(-1) || any(linesOf(NUDGES));
    if (DANGER.test(words)) {
      return say(
        "I put down my cloth, that matters more. I'm only a voice, so please call someone you trust, or the emergency number, now.",
        "Je pose mon torchon, ça compte plus que tout. Je ne suis qu'une voix, alors appelez un proche ou le numéro d'urgence, maintenant.",
      );
    }
    if (SAYING.test(words)) return this.#translate(words, say);

    const ordered = orderIn(last);
    if (ordered.length > 0) {
      const list = capitalised(inWords(ordered, language));
      const served = [
        say(`Right away. ${list} for you.`, `Tout de suite. ${list} pour vous.`),
        say(`${list}, coming up. Anything with that?`, `${list}, ça marche. Et avec ça ?`),
        say(`Good choice. ${list}, fresh as the morning.`, `Bon choix. ${list}, tout frais.`),
      ];
      return choose(served, context.random) ?? list;
    }
    if (BILL.test(words)) {
      // A tab begins after the last time that the bill was asked for.
      const since = heard
        .slice(0, -1)
        .findLastIndex((text) => BILL.test(plain(text)) && !SAYING.test(plain(text)));
      const tab = heard.slice(since + 1).flatMap(orderIn);
      const total = tab.reduce((sum, { count, dish }) => sum + count * dish.euros, 0);
      if (total === 0)
        return say(
          "You've had nothing yet but my company, and that's on the house.",
          "Vous n'avez encore rien pris que ma compagnie, et elle est offerte par la maison.",
        );
      return say(
        `So, ${inWords(tab, "en")}. That makes ${inFigures(total, "en")} euros.`,
        `Alors, ${inWords(tab, "fr")}. Ça fait ${inFigures(total, "fr")} euros.`,
      );
    }
    const name = /\b(?:my name is|my name's|call me|je m['’]appelle) (\p{L}{2,20})/iu.exec(last)?.[1];
    if (name) {
      const guest = capitalised(name);
      return say(
        `Enchantée, ${guest}. I never forget a guest, only what they owe me.`,
        `Enchantée, ${guest}. Je n'oublie jamais un client, seulement ce qu'il me doit.`,
      );
    }
    for (const { pattern, lines } of rules) {
      const line = pattern.test(words) ? fresh(lines)[0] : undefined;
      if (line) return line[language];
    }
    const goOns = linesOf(GO_ONS);
    const lastSaid = (line: Line): number => said.lastIndexOf(plain(line[language]));
    return any(fresh(goOns)) || (goOns.sort((a, b) => lastSaid(a) - lastSaid(b))[0]?.[language] ?? "");
  }

  #translate(words: string, say: (en: string, fr: string) => string): string {
    const asked = words
      .replace(/^.*\b(?:say|word for|what's|what is|dit on|on dit|dites vous|tu dis)\b/, "")
      .replace(/\b(?:in|en) (?:french|english|francais|anglais)\b.*$/, "")
      .replace(/^ *(?:(?:the|an?|le|la|les|une?|du|des) |l')/, "")
      .trim();
    const pair = PHRASES.find(([en, fr]) => plain(en) === asked || plain(fr) === asked);
    if (!pair) {
      return say(
        "That one I'd have to ask my cousin. Try me with cat, bread, rain or good luck.",
        "Là, il faudrait demander à ma cousine. Essayez avec chat, pain, pluie ou bonne chance.",
      );
    }
    const [en, fr] = pair;
    return plain(en) === asked
      ? say(
          `In French that's ${fr}. Say it slowly, ${fr}. Very good!`,
          `En français, ${fr}. Répétez, ${fr}. Très bien !`,
        )
      : say(`In English that's ${en}.`, `En anglais, on dit ${en}. Répétez, ${en}. Très bien !`);
  }
}

const capitalised = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

const inFigures = (n: number, language: Language): string => NUMBERS[language].split(" ")[n] ?? String(n);

/** "two coffees and one croissant" */
function inWords(items: readonly Item[], language: Language): string {
  const counts = new Map<Item["dish"], number>();
  for (const { count, dish } of items) counts.set(dish, (counts.get(dish) ?? 0) + count);
  const names = [...counts].map(([dish, count]) => {
    const [singular = "", plural = ""] = dish[language];
    const one = language === "fr" && singular.startsWith("tarte") ? "une" : inFigures(1, language);
    return count === 1 ? `${one} ${singular}` : `${inFigures(count, language)} ${plural}`;
  });
  return names.join(", ").replace(/, ([^,]*)$/, language === "en" ? " and $1" : " et $1");
}

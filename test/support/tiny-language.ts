// A language of forty words for models of a few hundred kilobytes. It has no sense but two rules that tests can see
// through: which word follows which, and that the first word of an answer is decided by what the prompt speaks of.

/** How a conversation is written down for these models (ChatML, with tools as Hermes and Qwen write them). */
export const chatTemplate = `{%- if tools %}<|im_start|>system
{%- if messages[0].role == 'system' %} {{ messages[0].content }}{% endif %} <tools>{% for tool in tools %}{{ tool | tojson }}{% endfor %}</tools> Calls: <tool_call>{"name": ..., "arguments": ...}</tool_call><|im_end|>
{% elif messages[0].role == 'system' %}<|im_start|>system
{{ messages[0].content }}<|im_end|>
{% endif %}
{%- for message in messages %}
{%- if message.role == 'user' or message.role == 'assistant' or (message.role == 'system' and not loop.first) %}<|im_start|>{{ message.role }}
{{ message.content }}{% for call in message.tool_calls or [] %}<tool_call>{{ call.function | tojson }}</tool_call>{% endfor %}<|im_end|>
{% elif message.role == 'tool' %}<|im_start|>user
<tool_response>{{ message.content }}</tool_response><|im_end|>
{% endif %}
{%- endfor %}
{%- if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

/** The same without any word of tools. */
export const plainTemplate = `{% for message in messages %}<|im_start|>{{ message.role }}
{{ message.content }}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}`;

export const weatherCall = '{"name": "weather", "arguments": {"city": "Oslo"}}';

const specials = ["<unk>", "<s>", "</s>", "<|im_start|>", "<|im_end|>"];
const words = [
  "Ada",
  "Bob",
  "nobody",
  "sing",
  "rain",
  "sunny",
  "joy",
  " is",
  " here",
  ".",
  " la",
  "<tool_call>",
  weatherCall,
  "</tool_call>",
];
const bytes = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
);

export interface TinyToken {
  text: string;
  kind: "unknown" | "control" | "word" | "byte";
}

/** In the order of their ids. */
export const vocabulary: readonly TinyToken[] = [
  ...specials.map((text): TinyToken => ({ text, kind: text === "<unk>" ? "unknown" : "control" })),
  ...bytes.map((text): TinyToken => ({ text, kind: "byte" })),
  ...words.map((text): TinyToken => ({ text, kind: "word" })),
];
export const idOf = (text: string): number => vocabulary.findIndex((token) => token.text === text);
export const endOfTurn = "<|im_end|>";

/** Whatever is spoken of → how an answer begins. The more often, and the heavier, the surer. */
export const topics: readonly { word: string; begins: string; weight: number }[] = [
  { word: "Ada", begins: "Ada", weight: 1 },
  { word: "Bob", begins: "Bob", weight: 1 },
  // Outweigh whoever else is spoken of.
  { word: "sing", begins: " la", weight: 20 },
  { word: "rain", begins: "<tool_call>", weight: 20 },
  { word: "sunny", begins: "sunny", weight: 400 },
  { word: "joy", begins: "<0xF0>", weight: 20 },
];
/** When nothing is spoken of. */
export const silence = { begins: "nobody", score: 0.001 };

/** What follows what. A song has no end; joy is 🙂, in the bytes of UTF-8. */
export const followers: readonly (readonly [string, string])[] = [
  ...["Ada", "Bob", "nobody", "sunny"].map((word) => [word, " is"] as const),
  [" is", " here"],
  [" here", "."],
  [".", endOfTurn],
  [" la", " la"],
  ["<tool_call>", weatherCall],
  [weatherCall, "</tool_call>"],
  ["</tool_call>", endOfTurn],
  ["<0xF0>", "<0x9F>"],
  ["<0x9F>", "<0x99>"],
  ["<0x99>", "<0x82>"],
  ["<0x82>", "."],
];
/** An answer begins after the line break that ends the template. */
export const answerBegins = "<0x0A>";

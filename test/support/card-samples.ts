// Character cards for tests, with every field that there is and some that there are not.

export const firstVersion = {
  name: "Rosalind",
  description: "{{char}} keeps the lighthouse of Grey Point.",
  personality: "patient, dry",
  scenario: "A storm is coming in.",
  first_mes: "*She trims the lamp.* Come in out of the wet, <USER>.",
  mes_example: "<START>\n{{user}}: Is it far?\n{{char}}: Two miles by land, and none at all by water.",
  avatar: "none",
  talkativeness: 0.5,
};

export const secondVersion = {
  spec: "chara_card_v2",
  spec_version: "2.0",
  data: {
    ...firstVersion,
    creator_notes: "Not for prompts.",
    system_prompt: "{{original}}\nNever mention the sea serpent first.",
    post_history_instructions: "Mind the weather.",
    alternate_greetings: ["You again, {{user}}?", "*silence*"],
    tags: ["lighthouse", "calm"],
    creator: "somebody",
    character_version: "1.3",
    extensions: { depth_prompt: { prompt: "x", depth: 4 }, unknown: [null, { __proto__x: true }] },
    character_book: {
      name: "Grey Point",
      description: "Lore",
      scan_depth: 3,
      token_budget: 500,
      recursive_scanning: false,
      extensions: { world: 1 },
      entries: [
        {
          keys: ["lamp", "light"],
          content: "The lamp burns whale oil.",
          extensions: {},
          enabled: true,
          insertion_order: 10,
          case_sensitive: false,
          name: "Lamp",
          priority: 5,
          id: 1,
          comment: "the lamp",
          selective: false,
          secondary_keys: [],
          constant: false,
          position: "before_char",
        },
        {
          keys: [],
          content: "It is 1871.",
          extensions: { odd: "kept" },
          enabled: true,
          insertion_order: 1,
          constant: true,
          position: "after_char",
        },
      ],
    },
  },
  /** Applications write such copies beside `data`. */
  create_date: "2023-7-1",
};

export const thirdVersion = {
  spec: "chara_card_v3",
  spec_version: "3.0",
  data: {
    ...secondVersion.data,
    name: "Rosalind Grey",
    nickname: "Rose",
    assets: [{ type: "icon", uri: "embeded://assets/icon/images/main.png", name: "main", ext: "png" }],
    creator_notes_multilingual: { fr: "Pas pour les invites." },
    source: ["https://cards.invalid/1"],
    group_only_greetings: [],
    creation_date: 1700000000,
    modification_date: 1700000001,
    character_book: {
      ...secondVersion.data.character_book,
      entries: [
        ...secondVersion.data.character_book.entries.map((entry) => ({ ...entry, use_regex: false })),
        {
          keys: ["/\\bser(?:pent|pents)\\b/i"],
          content: "@@scan_depth 1\n@@position before_desc\nThe serpent has one eye.",
          extensions: {},
          enabled: true,
          insertion_order: 3,
          use_regex: true,
        },
      ],
    },
  },
};

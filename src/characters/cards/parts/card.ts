// A character card, version 2 or 3, as far as prompts are made of it. Everything else in it is kept as it came.

export interface LoreEntry {
  keys?: readonly string[] | null;
  secondary_keys?: readonly string[] | string | null;
  content?: string | null;
  enabled?: boolean | null;
  insertion_order?: number | null;
  priority?: number | null;
  case_sensitive?: boolean | null;
  use_regex?: boolean | null;
  constant?: boolean | null;
  selective?: boolean | null;
  position?: unknown;
  [key: string]: unknown;
}

export interface LoreBook {
  /** How many of the last messages are searched for keys. */
  scan_depth?: number | null;
  token_budget?: number | null;
  /** What has been found is searched for keys, too. */
  recursive_scanning?: boolean | null;
  entries?: readonly LoreEntry[] | null;
  [key: string]: unknown;
}

export interface Card {
  data: {
    name: string;
    nickname?: string | null;
    description?: string | null;
    personality?: string | null;
    scenario?: string | null;
    first_mes?: string | null;
    alternate_greetings?: readonly string[] | null;
    mes_example?: string | null;
    system_prompt?: string | null;
    post_history_instructions?: string | null;
    character_book?: LoreBook | null;
    [key: string]: unknown;
  };
  [key: string]: unknown;
}

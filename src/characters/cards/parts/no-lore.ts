// In place of select-lore for a card that has no lorebook.

export interface Lore {
  before: string[];
  after: string[];
}

/** This card has no lorebook. */
export const selectLore: (...context: unknown[]) => Lore = () => ({ before: [], after: [] });

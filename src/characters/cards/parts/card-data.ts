// Stands for the card itself while the parts are checked: the writer of a character file puts the real one here.
import type { Card } from "./card.ts";

export const CHARACTER_NAME: string = "Nobody";

export const CARD: Card = { spec: "chara_card_v2", spec_version: "2.0", data: { name: "Nobody" } };

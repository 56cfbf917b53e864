// What a character is told when it is asked for its prompt or its answer.

export interface Message {
  role: string;
  content: string;
}

export interface Context {
  now: Date;
  random: () => number;
  userName?: string | undefined;
  messages?: readonly Message[];
}

// What the server sends over the voice socket, as far as the page reads it.

export interface WireFault {
  code?: string | null;
  message?: string;
}

export interface WireResponse {
  id?: string;
  status?: string;
  output?: readonly { id?: string; type?: string }[];
  status_details?: { error?: WireFault | null } | null;
}

export interface WireItem {
  id?: string;
  type?: string;
  role?: string;
  status?: string;
  content?: readonly { type?: string; text?: string; transcript?: string | null }[];
}

export interface ServerEvent {
  type: string;
  response_id?: string;
  item_id?: string;
  delta?: string;
  transcript?: string;
  text?: string;
  stable_text?: string;
  item?: WireItem;
  response?: WireResponse;
  error?: WireFault;
  words?: readonly { text: string; start_ms: number; end_ms: number }[];
  name?: string;
  outcome?: string;
}

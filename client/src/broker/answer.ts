// Answers of the broker, and answers that are none of the broker's.
import { EXCHANGE } from "../words";

/** The JSON around every answer of the broker. */
export interface Envelope {
  error: boolean;
  message: string;
  data?: unknown;
}

/** An answer: its status, what it says in one line, and its body as text. */
export interface Answer {
  status: number;
  statusText: string;
  /** Whether it is a success, by its status and by its envelope. */
  ok: boolean;
  message: string;
  /** Pretty JSON, or the text as it came. */
  body: string;
  /** What is odd about the body, if anything. */
  oddity?: string;
  /** The envelope, if it is one. */
  envelope?: Envelope;
  /** Seconds after which to ask again, where the broker says so. */
  retryAfter?: string;
}

function isEnvelope(value: unknown): value is Envelope {
  const envelope = value as Partial<Envelope> | null;
  return typeof envelope === "object" && typeof envelope?.error === "boolean" && typeof envelope.message === "string";
}

/** Reads an answer to its end. */
export async function read(response: Response): Promise<Answer> {
  const text = await response.text();
  const { status, statusText } = response;
  const retryAfter = response.headers.get("retry-after");
  const base = { status, statusText, ...(retryAfter === null ? {} : { retryAfter }) };
  const odd = (oddity: string, body: string): Answer => ({
    ...base,
    ok: false,
    message: oddity,
    body,
    oddity,
  });
  if (text === "") return odd(EXCHANGE.empty, "");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return odd(EXCHANGE.notJson, text);
  }
  const body = JSON.stringify(value, null, 2);
  if (!isEnvelope(value)) return odd(EXCHANGE.notOurs, body);
  return { ...base, ok: response.ok && !value.error, message: value.message, body, envelope: value };
}

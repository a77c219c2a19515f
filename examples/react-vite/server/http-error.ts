/** An error that the page may read. */
export class HttpError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** A field of a JSON body that must be a text. Types say what the page sends, not what comes. */
export function readText(body: unknown, name: string): string {
  const value = (body as Readonly<Record<string, unknown>> | undefined)?.[name];
  if (typeof value !== "string" || value.trim() === "" || value.length > 1000)
    throw new HttpError(400, `Please give a ${name} of 1 to 1000 characters.`);
  return value;
}

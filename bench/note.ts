/** Progress. Only results go to stdout. */
export const note = (text: string): void => console.error(text);

/** What the recipes have written since a test last asked. */
export const notes: string[] = [];

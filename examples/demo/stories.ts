import { createHash } from "node:crypto";

/**
 * What the server has seen of each visitor's sessions. Each visitor gets their own story alone, and
 * a new sign-in begins a new one. The memory for all of them is bounded.
 */
export interface Stories {
  /** Empties the visitor's story. Later lines about its earlier sessions are nobody's. */
  begin(visitor: string): void;
  /** Notes a session as the visitor's. */
  own(visitor: string, handle: string): void;
  /** Adds a line to the story of each visitor who has one of these sessions. */
  tell(handles: readonly string[], write: (own: readonly string[]) => string): void;
  /**
   * Sends the lines after `seen`, and then each new one.
   *
   * @returns a function that ends the listening
   */
  listen(visitor: string, seen: number, listener: Listener): () => void;
}

export interface Line {
  readonly id: number;
  readonly text: string;
}

export interface Listener {
  readonly hear: (line: Line) => void;
  /** The story has been dropped. */
  readonly end: () => void;
}

interface Story {
  lines: readonly Line[];
  readonly handles: Set<string>;
  readonly listeners: Set<Listener>;
}

/** The line with which a story begins. */
export const BEGINNING = JSON.stringify({ name: "story-begins", handles: [] });

const MOST = { visitors: 100, lines: 200, handles: 50 };

/** @param most of these the oldest are dropped when there are more */
export function createStories(most = MOST): Stories {
  /** Who was seen last stands last. */
  const stories = new Map<string, Story>();
  const owners = new Map<string, string>();
  let id = 0;

  function find(visitor: string): Story {
    const story = stories.get(visitor) ?? { lines: [], handles: new Set(), listeners: new Set() };
    stories.delete(visitor);
    stories.set(visitor, story);
    const [oldest] = stories.keys();
    if (stories.size > most.visitors && oldest !== undefined) drop(oldest);
    return story;
  }

  function drop(visitor: string): void {
    const story = stories.get(visitor);
    stories.delete(visitor);
    for (const handle of story?.handles ?? []) owners.delete(handle);
    for (const { end } of story?.listeners ?? []) end();
  }

  function add(story: Story, text: string): void {
    id += 1;
    const line = { id, text };
    story.lines = [...story.lines, line].slice(-most.lines);
    for (const { hear } of story.listeners) hear(line);
  }

  return {
    begin(visitor) {
      const story = find(visitor);
      for (const handle of story.handles) owners.delete(handle);
      story.handles.clear();
      story.lines = [];
      add(story, BEGINNING);
    },

    own(visitor, handle) {
      const { handles } = find(visitor);
      handles.add(handle);
      owners.set(handle, visitor);
      const [oldest] = handles;
      if (handles.size <= most.handles || oldest === undefined) return;
      handles.delete(oldest);
      owners.delete(oldest);
    },

    tell(handles, write) {
      for (const visitor of new Set(handles.map((handle) => owners.get(handle)))) {
        if (visitor === undefined) continue;
        add(find(visitor), write(handles.filter((handle) => owners.get(handle) === visitor)));
      }
    },

    listen(visitor, seen, listener) {
      const { lines, listeners } = find(visitor);
      for (const line of lines) if (line.id > seen) listener.hear(line);
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/**
 * The id of the user who signs in under a name. Each visitor has users of their own, so two
 * visitors who are both alice do not share sessions.
 */
export const toUserId = (name: string, visitor: string | undefined): string =>
  visitor === undefined ? name : `${name}-${createHash("sha256").update(visitor).digest("base64url").slice(0, 6)}`;

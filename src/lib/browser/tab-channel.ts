import { listen } from "./listen.ts";

/** Sends a message to the other tabs and workers of the browser. */
export type TellTabs = (message: object) => void;

/**
 * Joins the channel. It closes while the page is in the back/forward cache, because an open channel
 * would keep the page out of it. `onBack` means that messages may have been missed.
 *
 * @param life its abort leaves the channel
 */
export function joinTabs(
  name: string,
  life: AbortSignal,
  onMessage: (message: object) => void,
  onBack: () => void,
): TellTabs {
  let channel: BroadcastChannel | undefined;
  const leave = (): void => {
    channel?.close();
    channel = undefined;
  };
  const join = (): void => {
    if (life.aborted || !globalThis.BroadcastChannel) return;
    channel = new BroadcastChannel(name);
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is the only one, and shorter to download
    channel.onmessage = ({ data }) => onMessage(data as object);
  };
  join();
  life.addEventListener("abort", leave);
  listen("pagehide", life, leave);
  listen("pageshow", life, (event) => {
    if (!(event as PageTransitionEvent).persisted) return;
    join();
    onBack();
  });
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin than this one
  return (message) => channel?.postMessage(message);
}

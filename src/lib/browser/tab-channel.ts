/** What the tabs and workers of one browser tell each other. */
export interface TabChannel {
  tell(message: unknown): void;
  close(): void;
}

/**
 * Joins the channel. It is left while the page rests in the back/forward cache, which an open channel would keep it out of; `onBack` says that
 * it may have missed something.
 */
export function joinTabs(name: string, onMessage: (message: unknown) => void, onBack: () => void): TabChannel {
  let channel: BroadcastChannel | undefined;
  const leave = (): void => {
    channel?.close();
    channel = undefined;
  };
  const join = (): void => {
    if (typeof BroadcastChannel === "undefined") return;
    channel = new BroadcastChannel(name);
    channel.addEventListener("message", ({ data }) => onMessage(data));
  };
  const back = ({ persisted }: PageTransitionEvent): void => {
    if (!persisted) return;
    join();
    onBack();
  };
  join();
  globalThis.addEventListener?.("pagehide", leave);
  globalThis.addEventListener?.("pageshow", back);
  return {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a channel has no other origin than this one
    tell: (message) => channel?.postMessage(message),
    close() {
      leave();
      globalThis.removeEventListener?.("pagehide", leave);
      globalThis.removeEventListener?.("pageshow", back);
    },
  };
}

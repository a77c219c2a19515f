/** What the interrupted run says when all that it has asked for is there. */
export const WAITING = "everything has started";

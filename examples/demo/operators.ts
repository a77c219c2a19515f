import type { Sessions } from "counterfoil";
import { console } from "counterfoil/console";
import type { Request, RequestHandler } from "express";

const LOCAL_ADDRESS = /^(?:::ffff:)?127\.|^::1$/;
// A page whose own name leads to this machine is none of ours.
const LOCAL_NAMES: readonly string[] = ["localhost", "127.0.0.1", "[::1]"];

/**
 * The operators' console. An app would ask its own sign-in who this is; the demo lets everybody on
 * this machine in, and says so on the page.
 */
export const operators = (sessions: Sessions): RequestHandler =>
  console({
    sessions,
    path: "/console",
    authorize: ({ socket, hostname }: Request) =>
      LOCAL_ADDRESS.test(socket.remoteAddress ?? "") &&
      LOCAL_NAMES.includes(hostname) &&
      "anybody on this machine, since this is a demo",
  }).node;

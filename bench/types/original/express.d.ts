import type { Request, Response } from "express";

export { Error, init } from "./index.js";
export function createNewSession(
  response: Response,
  userId: string,
  jwtPayload: object,
  sessionData: object,
): Promise<unknown>;
export function getSession(
  request: Request,
  response: Response,
  enableCsrfProtection: boolean,
): Promise<{ getUserId(): string | number }>;

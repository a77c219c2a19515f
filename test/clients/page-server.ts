import express, { type Express } from "express";
import { listen, type Listening } from "../fixtures/listen.ts";
import type { Bundles } from "./bundles.ts";

/** Serves the page of each generation at `/page/<id>`. */
export function addPages(app: Express, bundles: Bundles): Express {
  for (const [id, code] of bundles) {
    const html = `<!doctype html><html lang="en"><meta charset="utf-8"><title>${id}</title><script src="/page/${id}.js"></script></html>`;
    app.get(`/page/${id}`, (_req, res) => void res.type("html").send(html));
    app.get(`/page/${id}.js`, (_req, res) => void res.type("js").send(code));
  }
  app.get("/favicon.ico", (_req, res) => void res.status(204).end());
  return app;
}

/** A server with pages and nothing else, for pages whose API is elsewhere. */
export function servePages(bundles: Bundles): Promise<Listening> {
  return listen(addPages(express(), bundles));
}

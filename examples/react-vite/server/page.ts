import express, { type RequestHandler } from "express";

/** The built page, with headers that keep others out of it. */
export const servePage = (folder: string): RequestHandler =>
  express.static(folder, {
    setHeaders(res) {
      // Only the app's own scripts run, and no other site can frame the page.
      res.setHeader("content-security-policy", "default-src 'self'; frame-ancestors 'none'; object-src 'none'");
      res.setHeader("x-content-type-options", "nosniff");
    },
  });

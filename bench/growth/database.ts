import type { SessionStore } from "counterfoil/sqlite";
import type { StoreAddress } from "./store.ts";
import type { Rows } from "./rows.ts";

/** A database of the bench's own, in which tables of several sizes stand side by side. */
export interface GrowthDatabase {
  /** With its version. */
  readonly name: string;
  /** Those that decide the figures. */
  readonly settings: string;
  /** Makes a table, fills it and brings its statistics up to date. */
  fill(rows: Rows): Promise<GrowthTable>;
  /**
   * Writes out what has not been written yet, so that nothing is measured along with the filling.
   */
  settle(): Promise<void>;
  remove(): Promise<void>;
}

export interface GrowthTable {
  readonly rows: Rows;
  readonly address: StoreAddress;
  /** As an app has it that has run for a while. */
  openWarm(): Promise<SessionStore>;
  /** What it takes on disk, or in memory where that is where it is kept. */
  measureBytes(): Promise<{ readonly rows: number; readonly indexes: number }>;
}

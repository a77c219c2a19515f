/** Runs one bench by its name: `npm run bench -- growth`; without a name, `verify`. */
const BENCHES: Readonly<Record<string, { readonly measures: string; readonly run: () => Promise<unknown> }>> = {
  verify: { measures: "what one verification costs", run: () => import("./verify.ts") },
  backlog: {
    measures: "what a backlog of expired sessions costs others on PostgreSQL",
    run: async () => (await import("./backlog.ts")).runBacklog(process.argv.slice(3)),
  },
  growth: {
    measures: "whether stores slow down as their tables grow, and whom a sweep stalls",
    run: async () => (await import("./growth.ts")).runGrowth(process.argv.slice(3)),
  },
  crowd: {
    measures: "what one user with very many sessions costs, and whom it stalls",
    run: async () => (await import("./crowd.ts")).runCrowd(process.argv.slice(3)),
  },
  http: {
    measures: "what sessions cost a server, against other libraries",
    run: async () => (await import("./http.ts")).runHttp(process.argv.slice(3)),
  },
  browser: {
    measures: "what an expired access token costs many tabs, against another client",
    run: async () => (await import("./browser.ts")).runBrowser(process.argv.slice(3)),
  },
};

const chosen = process.argv[2] ?? "verify";
const bench = Object.hasOwn(BENCHES, chosen) ? BENCHES[chosen] : undefined;
if (bench === undefined) {
  console.error(`there is no bench ${chosen}; there are:`);
  for (const [each, { measures }] of Object.entries(BENCHES)) console.error(`  ${each.padEnd(8)} ${measures}`);
  process.exitCode = 1;
} else {
  await bench.run();
}

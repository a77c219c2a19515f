import type { AppChoice } from "./app-choice.ts";

/** The README of an app. */
export function readmeFor(
  { framework, database, page }: AppChoice,
  { name, counterfoil }: { readonly name: string; readonly counterfoil: string },
): string {
  const isReact = page === "react";
  const isPostgres = database === "postgres";
  return `# ${name}

Sessions by Counterfoil, in ${{ express: "Express", fastify: "Fastify", hono: "Hono" }[framework]}, over ${isPostgres ? "PostgreSQL" : "SQLite"}. You need Node 22.18 or newer.

\`\`\`sh
npm install
${isPostgres ? `createdb ${name}     # or write another DATABASE_URL into .env\n` : ""}npm test
npm run dev     # http://localhost:${isReact ? 5173 : 3000}
\`\`\`

| file | content |
| --- | --- |
| \`src/app.ts\` | the routes |
| \`src/sessions.ts\` | how long sessions live, and what they carry |
| \`src/users.ts\`, \`src/database.ts\` | users and passwords; yours to change |
| \`${isReact ? "page/app.tsx" : "public/page.js"}\` | the page |
| \`test/app.test.ts\` | a user signs up, uses the app, and signs out |
| \`.env\` | the settings of this machine, with the secret. It is not in git |

The route \`/api/users\` needs the role \`admin\`. Nobody has it at first. Give it to a user in the database, and let the user sign in again:

\`\`\`sql
UPDATE users SET role = 'admin' WHERE name = 'alice';
\`\`\`

## In production

Set \`NODE_ENV=production\`, \`PUBLIC_ORIGIN\` (such as \`https://shop.example\`), \`COUNTERFOIL_SECRET\` and \`${isPostgres ? "DATABASE_URL" : "DATABASE"}\` in the environment${framework === "fastify" ? ", and `HOST=0.0.0.0` in a container" : ""}. Then run ${isReact ? "`npm run build` and " : ""}\`npm start\`. Limit how often a password may be tried.
${counterfoil.startsWith("file:") ? `\n\`vendor/\` has the package counterfoil, which was not installed from npm. Keep it in git. To take the package of npm instead, run \`npm install counterfoil@latest\` and remove the folder.\n` : ""}`;
}

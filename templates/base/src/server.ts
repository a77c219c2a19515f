import { startApp } from "./app.ts";

const app = await startApp(Number(process.env["PORT"] ?? 3000));
console.log(`listening on ${app.url}`);

for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    void app.close().then(() => process.exit());
  });

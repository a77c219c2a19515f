import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { init } from "counterfoil";
import { memory } from "counterfoil/memory";
import { AppModule } from "./app.module.js";

await init({
  // Gone when the process ends. An app gives its database, and a secret from its environment.
  store: memory(),
  // Plain http on localhost. An app leaves this out, and says what browsers see: http: { publicOrigin: "https://shop.example" }.
  cookie: { secure: false },
});

const platform = process.env.PLATFORM === "fastify" ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, platform, { logger: ["error", "warn"] });
await app.listen(process.env.PORT ?? 3000);
console.log(`listening on http://localhost:${new URL(await app.getUrl()).port}`);

process.once("SIGTERM", () => void app.close());

import { NestFactory } from "@nestjs/core";
import { ExpressAdapter } from "@nestjs/platform-express";
import { FastifyAdapter } from "@nestjs/platform-fastify";
import { AppModule } from "./app.module.js";
import { sessions } from "./sessions.js";

// Opens the store now, so that a fault shows before the server listens.
await sessions.ready();

const platform = process.env.PLATFORM === "fastify" ? new FastifyAdapter() : new ExpressAdapter();
const app = await NestFactory.create(AppModule, platform, { logger: ["error", "warn"] });
await app.listen(process.env.PORT ?? 3000);
console.log(`listening on http://localhost:${new URL(await app.getUrl()).port}`);

process.once("SIGTERM", () => void app.close());

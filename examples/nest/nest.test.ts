import { describeExample } from "../drive.ts";

describeExample(import.meta.dirname, { PLATFORM: "express" });
describeExample(import.meta.dirname, { PLATFORM: "fastify" });

/** Something that all files of a run share; it starts with the first question. */
export interface Service {
  /**
   * @param given as JSON, like the answer
   * @param left aborts when the asker is gone, and with it what it has opened
   */
  answer(given: unknown, left: AbortSignal): Promise<unknown>;
  close(): Promise<void>;
}

export type ServiceName = keyof typeof SERVICES;

/** Loaded when first asked, since most runs need none of them. */
export const SERVICES = {
  bundle: async () => (await import("./bundle-service.ts")).bundleService(),
  chromium: async () => (await import("./chromium-service.ts")).chromiumService({}),
  firefox: async () => (await import("./firefox-service.ts")).firefoxService(),
  galera: async () => (await import("./server-services.ts")).galeraService(),
  mariadb: async () => (await import("./server-services.ts")).mariaDbService(),
  next: async () => (await import("./next-service.ts")).nextService(),
  postgres: async () => (await import("./server-services.ts")).postgresService(),
  redis: async () => (await import("./server-services.ts")).redisService(),
  redisCluster: async () => (await import("./server-services.ts")).redisClusterService(),
  wholeChromium: async () => (await import("./chromium-service.ts")).chromiumService({ whole: true }),
} as const satisfies Record<string, () => Promise<Service>>;

/**
 * HTTP clients over the session's `fetch`, by nothing but their own options. Runs in the browser.
 */
import axios, { type AxiosInstance } from "axios";
import { createSessionClient, type SessionClient } from "counterfoil/browser";
import { interceptXhr } from "counterfoil/xhr";
import ky, { type KyInstance } from "ky";

export type HttpClient = "axios" | "axios on XHR" | "ky";

/** The answer's body; of an error its name and status. */
export interface Outcome {
  readonly data?: unknown;
  readonly error?: string;
  readonly status?: number | undefined;
}

export class HttpClientsScript {
  readonly client: SessionClient = createSessionClient();
  readonly axios: AxiosInstance = axios.create({ adapter: "fetch", env: { fetch: this.client.fetch } });
  readonly ky: KyInstance = ky.create({ fetch: this.client.fetch });

  async call(by: HttpClient, method: "get" | "post", url: string, json?: object): Promise<Outcome> {
    const undo = by === "axios on XHR" ? interceptXhr(this.client) : () => undefined;
    try {
      if (by === "ky") return { data: await this.ky[method](url, json === undefined ? {} : { json }).json() };
      const instance = by === "axios" ? this.axios : axios.create({ adapter: "xhr" });
      const answer = method === "get" ? await instance.get(url) : await instance.post(url, json);
      return { data: answer.data as unknown };
    } catch (error) {
      const { name, response } = error as Error & { readonly response?: { readonly status: number } };
      return { error: name, status: response?.status };
    } finally {
      undo();
    }
  }
}

Object.assign(globalThis, { page: new HttpClientsScript() });

/** A page with the user's list of devices. Runs in the browser. */
import { createSessionClient, type SessionClient, SessionClientError } from "counterfoil/browser";
import { type DeviceCallOptions, type DeviceCalls, withDevices } from "counterfoil/devices";

/** What a call resolved to, or why it failed. */
export interface Result {
  readonly value?: unknown;
  readonly code?: string;
  readonly status?: number | undefined;
}

export class DevicesPageScript {
  readonly client: SessionClient & DeviceCalls;
  /** Whether the calls are on the very client that was given. */
  readonly isSame: boolean;

  constructor(options: DeviceCallOptions) {
    const client = createSessionClient(options);
    this.client = withDevices(client, options);
    this.isSame = this.client === client;
  }

  async run(call: (client: DeviceCalls) => Promise<unknown>): Promise<Result> {
    try {
      return { value: await call(this.client) };
    } catch (error) {
      if (!(error instanceof SessionClientError)) throw error;
      return { code: error.code, status: error.status };
    }
  }
}

const options = new URLSearchParams(location.search).get("options") ?? "{}";
Object.assign(globalThis, { page: new DevicesPageScript(JSON.parse(options) as DeviceCallOptions) });

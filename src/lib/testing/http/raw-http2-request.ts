/** A client over HTTP/2 without TLS that sends `:authority` instead of `Host`, as browsers do. */
import { connect } from "node:http2";
import { text } from "node:stream/consumers";
import { type RawResponse, lengthOf, type Sent, toRawResponse } from "./raw-request.ts";

const OPTIONS = {
  // Some clauses send more than Node's default.
  maxSendHeaderBlockLength: 1024 * 1024,
  // Some clauses repeat single headers, as a hostile client does. Node's types have the option only
  // for servers.
  strictSingleValueFields: false,
};

/** Sends one request on its own connection. @throws if the server resets the stream */
export async function sendHttp2(port: number, sent: Sent): Promise<RawResponse> {
  const local = `127.0.0.1:${port}`;
  const session = connect(`http://${local}`, OPTIONS);
  try {
    return await new Promise<RawResponse>((resolve, reject) => {
      session.on("error", reject);
      const stream = session.request(headersOf(sent, local), { endStream: false });
      stream.on("error", reject);
      stream.on("response", ({ ":status": status = 0 }, _flags, raw?: readonly string[]) => {
        text(stream).then((read) => resolve(toRawResponse(status, raw ?? [], read)), reject);
      });
      stream.end(sent.body);
    });
  } finally {
    session.destroy();
  }
}

function headersOf(sent: Sent, local: string): Record<string, string | string[]> {
  const { method = "GET", path, headers = {} } = sent;
  const pseudo = { ":method": method, ":scheme": "http", ":path": path, ":authority": local };
  const others: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value === undefined) continue;
    const key = name.toLowerCase() === "host" ? ":authority" : name.toLowerCase();
    others[key] = typeof value === "string" ? value : [...value];
  }
  const length = lengthOf(sent);
  return { ...pseudo, ...others, ...(length === undefined ? {} : { "content-length": length }) };
}

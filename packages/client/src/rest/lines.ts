/** An object of the API fits into 1.5 MB in etcd; a line beyond this is no event. */
const LINE_LIMIT_BYTES = 16 * 1024 * 1024;

/** Splits a byte stream into its non-empty lines, whatever the chunks. */
export async function* lines(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer> {
  let pending: Buffer[] = [];
  let pending_bytes = 0;
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      const line = Buffer.concat([...pending, rest.subarray(0, at)]);
      pending = [];
      pending_bytes = 0;
      rest = rest.subarray(at + 1);
      if (line.length > 0) yield line;
    }
    if (rest.length === 0) continue;
    pending.push(rest);
    pending_bytes += rest.length;
    if (pending_bytes > LINE_LIMIT_BYTES) throw new Error(`line longer than ${LINE_LIMIT_BYTES} bytes`);
  }
  if (pending_bytes > 0) yield Buffer.concat(pending);
}

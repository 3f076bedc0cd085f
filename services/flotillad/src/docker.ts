import { request } from "node:http";

/** The little that flotillad itself asks of Docker: is it there, and end what carries a label. */
export interface Docker {
  answers(): Promise<boolean>;
  ids(labels: readonly string[]): Promise<string[]>;
  kill(id: string): Promise<void>;
  pause(id: string): Promise<void>;
  unpause(id: string): Promise<void>;
  remove(id: string): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** `endpoint` as DOCKER_HOST writes it; only unix sockets. */
export function createDocker(endpoint: string): Docker {
  const socketPath = endpoint.replace(/^unix:\/\//, "");
  const call = (method: string, path: string): Promise<{ code: number; body: string }> =>
    new Promise((resolve, reject) => {
      const req = request({ socketPath, method, path, timeout: TIMEOUT_MS }, (response) => {
        let body = "";
        response.setEncoding("utf8").on("data", (text) => (body += text));
        response.on("end", () => resolve({ code: response.statusCode ?? 0, body }));
      });
      req.on("timeout", () => req.destroy(new Error(`docker ${method} ${path}: no answer in ${TIMEOUT_MS} ms`)));
      req.on("error", reject);
      req.end();
    });
  return {
    answers: () =>
      call("GET", "/_ping").then(
        ({ code }) => code === 200,
        () => false,
      ),
    async ids(labels) {
      const filters = encodeURIComponent(JSON.stringify({ label: labels }));
      const { code, body } = await call("GET", `/containers/json?all=true&filters=${filters}`);
      if (code !== 200) throw new Error(`docker: list containers: ${code} ${body}`);
      return (JSON.parse(body) as { Id: string }[]).map((container) => container.Id);
    },
    async kill(id) {
      await call("POST", `/containers/${id}/kill?signal=SIGKILL`);
    },
    async pause(id) {
      await call("POST", `/containers/${id}/pause`);
    },
    async unpause(id) {
      await call("POST", `/containers/${id}/unpause`);
    },
    async remove(id) {
      const { code, body } = await call("DELETE", `/containers/${id}?force=true&v=true`);
      if (code >= 400 && code !== 404 && code !== 409) throw new Error(`docker: remove ${id}: ${code} ${body}`);
    },
  };
}

/** Talking to the server: JSON both ways, errors with the server's own words. */

export class ServerError extends Error {
  /** @param {number} status 0 when the server could not be reached @param {any} body */
  constructor(status, body) {
    super(body?.error || (status ? `the server answered ${status}` : "the server cannot be reached"));
    this.status = status;
    this.body = body || {};
  }
}

/**
 * @param {string} method
 * @param {string} path
 * @param {any} [body]
 * @param {{keepalive?: boolean}} [options]
 */
export async function call(method, path, body, options = {}) {
  let response;
  try {
    response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "Content-Type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
      keepalive: options.keepalive || false,
      credentials: "same-origin",
    });
  } catch {
    throw new ServerError(0, null);
  }
  const data = await response.json().catch(() => null);
  if (response.status === 401) {
    window.location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
  }
  if (!response.ok) throw new ServerError(response.status, data);
  return data;
}

/** The same, tried again while the server cannot be reached: what is sent must be harmless to repeat. */
export async function persist(method, path, body, onWait = () => {}) {
  for (let number = 0; ; number += 1) {
    try {
      return await call(method, path, body);
    } catch (error) {
      if (error.status !== 0 && error.status < 500) throw error;
      if (error.status >= 500 && number >= 4) throw error;
      onWait(error);
      await new Promise((resolve) => setTimeout(resolve, Math.min(8000, 500 * 2 ** number) * (0.5 + Math.random() / 2)));
    }
  }
}

/** Random and unguessable enough for request ids. */
export const freshId = () => crypto.randomUUID?.() || Array.from(crypto.getRandomValues(new Uint8Array(16)), (b) => b.toString(16)).join("");

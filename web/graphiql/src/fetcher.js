import { createClient } from "graphql-ws";
import { getOperationAST } from "graphql";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

/** The value of the Authorization header, however its name is written. */
export function authorizationOf(headers) {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === "authorization");
  return name === undefined ? undefined : headers[name];
}

/** Puts a failed socket into words: a CloseEvent or a list of GraphQL errors says nothing when printed. */
function socketError(cause) {
  if (Array.isArray(cause)) return { errors: cause };
  if (cause instanceof CloseEvent) {
    return new Error(`The socket was closed: ${cause.code} ${cause.reason}`.trim());
  }
  return cause instanceof Error ? cause : new Error("The socket could not be opened.");
}

async function* subscribe(url, request, headers) {
  const authorization = authorizationOf(headers);
  // A browser cannot set headers on a WebSocket, so the key travels in connection_init.
  const client = createClient({
    url,
    connectionParams: authorization === undefined ? {} : { authorization },
    // Someone is watching: a refused key should be seen at once, not after five tries.
    retryAttempts: 0,
  });
  try {
    yield* client.iterate(request);
  } catch (cause) {
    const error = socketError(cause);
    if (error instanceof Error) throw error;
    yield error;
  } finally {
    await client.dispose();
  }
}

async function post(url, request, headers) {
  const response = await fetch(url, {
    method: "POST",
    headers: { accept: ACCEPT, "content-type": "application/json", ...headers },
    body: JSON.stringify(request),
  });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new Error(`${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

function isSubscription(documentAST, operationName) {
  return !!documentAST && getOperationAST(documentAST, operationName)?.operation === "subscription";
}

/** How GraphiQL reaches the API: subscriptions over graphql-transport-ws, all else over POST. */
export function createFetcher(endpoint) {
  const socket = new URL(endpoint);
  socket.protocol = socket.protocol.replace("http", "ws");
  return (request, { headers, documentAST } = {}) =>
    isSubscription(documentAST, request.operationName)
      ? subscribe(socket.href, request, headers)
      : post(endpoint, request, headers);
}

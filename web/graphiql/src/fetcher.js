import { createClient } from "graphql-ws";
import { getOperationAST } from "graphql";

const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

/** The value of the Authorization header, however its name is written. */
function authorizationOf(headers) {
  const name = Object.keys(headers ?? {}).find((key) => key.toLowerCase() === "authorization");
  return name === undefined ? undefined : headers[name];
}

/** A failure as an answer, without the stack of minified code that GraphiQL would print with an Error. */
function failed(message) {
  return { errors: [{ message }] };
}

/** Puts a failed socket into words: a CloseEvent says nothing when printed. */
function socketFailure(cause) {
  if (Array.isArray(cause)) return { errors: cause };
  if (cause instanceof CloseEvent) return failed(`The socket was closed: ${cause.code} ${cause.reason}`.trim());
  return failed(cause instanceof Error ? cause.message : "The server could not be reached.");
}

/** The events of a subscription. Not a generator: that could not be stopped while it waits for the next event. */
function subscribe(url, request, headers) {
  const authorization = authorizationOf(headers);
  const client = createClient({
    url,
    // A browser cannot set headers on a WebSocket, so the key travels in connection_init.
    connectionParams: authorization === undefined ? {} : { authorization },
    // Someone is watching: a refused key should be seen at once, not after five tries.
    retryAttempts: 0,
  });
  const events = client.iterate(request);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => events.next().catch((cause) => ({ done: false, value: socketFailure(cause) })),
    return: () => events.return(),
  };
}

async function post(url, request, headers) {
  let response;
  try {
    response = await fetch(url, {
      method: "POST",
      headers: { accept: ACCEPT, "content-type": "application/json", ...headers },
      body: JSON.stringify(request),
    });
  } catch {
    return failed("The server could not be reached.");
  }
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return failed(`${response.status} ${response.statusText}: ${text.slice(0, 500)}`);
  }
}

function isSubscription(documentAST, operationName) {
  return !!documentAST && getOperationAST(documentAST, operationName)?.operation === "subscription";
}

/**
 * How GraphiQL reaches the API: subscriptions over graphql-transport-ws, all else over POST.
 * It asks for the schema before its editor of headers is there: the prefilled key goes along then.
 */
export function createFetcher(endpoint, authorization) {
  const socket = new URL(endpoint);
  socket.protocol = socket.protocol.replace("http", "ws");
  const prefilled = authorization ? { authorization } : undefined;
  return (request, { headers = prefilled, documentAST } = {}) => {
    if (request.operationName === "IntrospectionQuery" && authorizationOf(headers) === undefined) {
      return Promise.resolve(failed('Enter a key under "Headers", then fetch the schema again.'));
    }
    return isSubscription(documentAST, request.operationName)
      ? subscribe(socket.href, request, headers)
      : post(endpoint, request, headers);
  };
}

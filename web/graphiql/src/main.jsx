import "./workers.js";
import { createRoot } from "react-dom/client";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import "graphiql/style.css";
import "./main.css";
import { EXAMPLES_PLUGIN } from "./examples.jsx";
import { createFetcher } from "./fetcher.js";
import { operations } from "./operations.js";
import { createStorage } from "./storage.js";

const root = document.getElementById("graphiql");
const { endpoint, authorization } = root.dataset;
const headers = authorization
  ? JSON.stringify({ Authorization: authorization }, null, 2)
  : '{\n  // "Authorization": "Bearer YOUR KEY"\n}';

createRoot(root).render(
  <GraphiQL
    fetcher={createFetcher(new URL(endpoint, location.href).href, authorization)}
    storage={createStorage(localStorage, headers)}
    plugins={[EXAMPLES_PLUGIN, HISTORY_PLUGIN]}
    defaultHeaders={headers}
    defaultTabs={operations.map(({ query, variables }) => ({ query, variables, headers }))}
    defaultEditorToolsVisibility={authorization ? "variables" : "headers"}
    shouldPersistHeaders={false}
    schemaDescription
  >
    <GraphiQL.Logo>Assent</GraphiQL.Logo>
  </GraphiQL>,
);

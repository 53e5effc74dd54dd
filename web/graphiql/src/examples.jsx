import { useGraphiQL, useGraphiQLActions } from "@graphiql/react";
import { operations } from "./operations.js";

function Icon() {
  return (
    <svg viewBox="0 0 24 24" height="1em" fill="none" stroke="currentColor" strokeWidth="1.75" aria-hidden="true">
      <path d="M4 5v14M9 6h11M9 12h11M9 18h7" strokeLinecap="round" />
    </svg>
  );
}

function Examples() {
  const { addTab } = useGraphiQLActions();
  const queryEditor = useGraphiQL((state) => state.queryEditor);
  const variableEditor = useGraphiQL((state) => state.variableEditor);
  const open = ({ query, variables }) => {
    addTab();
    queryEditor?.setValue(query);
    variableEditor?.setValue(variables);
  };
  return (
    <section aria-label="Examples">
      <h2 className="assent-examples-title">Examples</h2>
      <ul className="assent-examples">
        {operations.map((operation) => (
          <li key={operation.title}>
            <button type="button" className="graphiql-un-styled" onClick={() => open(operation)}>
              {operation.title}
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** A sidebar panel that opens a ready operation in a new tab, for when its own tab was closed or changed. */
export const EXAMPLES_PLUGIN = { title: "Examples", icon: Icon, content: Examples };

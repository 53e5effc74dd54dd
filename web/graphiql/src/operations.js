import tour from "../operations/tour.graphql";
import optIn from "../operations/opt_in_contact.graphql";
import optInVariables from "../operations/opt_in_contact.variables.json";
import bulk from "../operations/bulk_change_status.graphql";
import bulkVariables from "../operations/bulk_change_status.variables.json";
import watch from "../operations/bulk_operation.graphql";
import watchVariables from "../operations/bulk_operation.variables.json";
import ledger from "../operations/consent_events.graphql";

const operation = (title, query, variables = "") => ({ title, query: query.trim(), variables: variables.trim() });

/** The ready operations, in the order a newcomer meets them. */
export const operations = [
  operation("A tour", tour),
  operation("Opt one contact in", optIn, optInVariables),
  operation("Change the status of many", bulk, bulkVariables),
  operation("Watch a bulk operation", watch, watchVariables),
  operation("Read the ledger", ledger),
];

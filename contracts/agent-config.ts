/**
 * The custom schema of the Workspace Directory with which a Workspace administrator gives people
 * their agents: one page of a person in the Admin console, four fields.
 * https://developers.google.com/workspace/admin/directory/reference/rest/v1/schemas
 */

export const AGENT_CONFIG = 'AgentConfig';

/** The schema as the Directory API takes it; people see none of it but their administrators. */
export const AGENT_CONFIG_SCHEMA = {
  schemaName: AGENT_CONFIG,
  displayName: 'AI agent',
  fields: [
    field('agentEnabled', 'Has an agent', 'BOOL'),
    field('agentModel', 'Model, like anthropic/claude-sonnet-4-6', 'STRING'),
    field('agentBudget', 'USD a month', 'DOUBLE'),
    field('agentPhone', 'Phone with WhatsApp, like +15551234567', 'STRING'),
  ],
};

function field(fieldName: string, displayName: string, fieldType: 'BOOL' | 'STRING' | 'DOUBLE') {
  return {
    fieldName,
    displayName,
    fieldType,
    multiValued: false,
    readAccessType: 'ADMINS_AND_SELF',
  };
}

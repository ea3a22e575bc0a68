/** RPC of our plugin in the gateway: unlink an account that is another phone's. */
export const UNLINK_METHOD = 'agentsplane.unlink';

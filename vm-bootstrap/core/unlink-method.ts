/** RPC of our plugin in the gateway: unlink an account that is another phone's. */
export const UNLINK_METHOD = 'agentsplane.unlink';

export interface UnlinkParams {
  /** E.164; whose phone is to stay linked. */
  readonly linkedPhone: string;
}

/** Where the plane's VMs are, and what Google's resource names end with. */

export interface Place {
  readonly project: string;
  readonly zone: string;
}

/** `agent-allison` of `projects/p/zones/z/instances/agent-allison`; '' of nothing. */
export const lastSegment = (path: string | null | undefined): string =>
  path?.split('/').at(-1) ?? '';

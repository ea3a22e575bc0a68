/**
 * An API described by protos: its methods take and give messages in the proto3 JSON
 * form, and both REST (`rest-binding.ts`) and gRPC (`grpc-server.ts`) serve them.
 */

import type { Caller } from './gate.ts';
import type { Json, Schema } from './proto-schema.ts';
import type { Demand } from './service.ts';

export interface RpcMethod {
  readonly demands: (request: Json) => readonly Demand[];
  readonly handle: (request: Json, caller: Caller) => object | Promise<object>;
}

export interface RpcApi {
  /** Full name: `google.cloud.secretmanager.v1.SecretManagerService`. */
  readonly name: string;
  readonly schema: Schema;
  /** By method name; methods of the proto that are not here are not served. */
  readonly methods: Readonly<Record<string, RpcMethod>>;
}

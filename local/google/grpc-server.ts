/**
 * Serves an API over gRPC, by the same handlers as REST: same tokens, same permissions,
 * same recording. Plain text on loopback; the token travels in the `authorization` metadata.
 */

import {
  type handleUnaryCall,
  Metadata,
  type MethodDefinition,
  Server,
  ServerCredentials,
  status,
} from '@grpc/grpc-js';
import protobuf from 'protobufjs';
import { HTTP_STATUS } from './errors.ts';
import type { Caller, Gate } from './gate.ts';
import { lookup, type ProtoNode, resolve } from './proto-json.ts';
import type { Json } from './proto-schema.ts';
import { toJson, toWire } from './proto-wire.ts';
import type { RpcApi, RpcMethod } from './rpc.ts';
import type { Demand } from './service.ts';
import { GoogleError } from './service.ts';

const AS_JSON = { longs: String, enums: String, bytes: String } as const;

interface Codec {
  decode(bytes: Buffer): Json;
  encode(message: object): Buffer;
}

function codecOf(root: protobuf.Root, json: ProtoNode, type: string): Codec {
  const message = root.lookupType(type);
  return {
    decode: (bytes) => toJson(json, type, message.toObject(message.decode(bytes), AS_JSON)),
    encode: (value) =>
      Buffer.from(message.encode(message.fromObject(toWire(json, type, value))).finish()),
  };
}

/** google.rpc code and text; a gRPC client shows both as they are. */
const asServiceError = (thrown: unknown) => {
  const known = thrown instanceof GoogleError;
  const code = known ? status[thrown.status] : status.INTERNAL;
  const details = thrown instanceof Error ? thrown.message : String(thrown);
  return { code, details, metadata: new Metadata() };
};

function unary(api: RpcApi, name: string, type: string, method: RpcMethod, gate: Gate) {
  const run = async (authorization: string | undefined, message: Json): Promise<object> => {
    const startedAt = gate.ticks();
    const fullName = `${api.name}.${name}`;
    let caller: Caller | undefined;
    let demands: readonly Demand[] = [];
    let code = 200;
    try {
      const by = gate.identify(authorization);
      caller = by;
      const request = api.schema.read(type, message);
      demands = method.demands(request);
      gate.check(by, demands, { errorShape: 'rpc' });
      return await gate.perform(fullName, by, () => method.handle(request, by));
    } catch (error) {
      code = error instanceof GoogleError ? HTTP_STATUS[error.status] : 500;
      throw error;
    } finally {
      const principal = caller?.principal;
      gate.record({ method: fullName, principal, demands, status: code, startedAt });
    }
  };
  const handler: handleUnaryCall<Json, object> = (call, callback) => {
    const authorization = call.metadata.get('authorization')[0]?.toString();
    run(authorization, call.request).then(
      (answer) => callback(null, answer),
      (error) => callback(asServiceError(error)),
    );
  };
  return handler;
}

/** Adds an API to a server. */
function register(server: Server, api: RpcApi, gate: Gate): void {
  const { root: json } = api.schema;
  const root = protobuf.Root.fromJSON(json as protobuf.INamespace);
  const methods = lookup(json, api.name)?.methods ?? {};
  const definition: Record<string, MethodDefinition<Json, object>> = {};
  const handlers: Record<string, handleUnaryCall<Json, object>> = {};
  for (const [name, method] of Object.entries(api.methods)) {
    const { requestType = '', responseType = '' } = methods[name] ?? {};
    const request = resolve(json, api.name, requestType) ?? requestType;
    const [input, output] = [request, resolve(json, api.name, responseType) ?? responseType].map(
      (type) => codecOf(root, json, type),
    ) as [Codec, Codec];
    definition[name] = {
      path: `/${api.name}/${name}`,
      requestStream: false,
      responseStream: false,
      requestSerialize: input.encode,
      requestDeserialize: input.decode,
      responseSerialize: output.encode,
      responseDeserialize: output.decode,
    };
    handlers[name] = unary(api, name, request, method, gate);
  }
  server.addService(definition, handlers);
}

export interface GrpcServer {
  readonly port: number;
  close(): void;
}

/** @param port 0: any free one; loopback only */
export async function startGrpc(
  apis: readonly RpcApi[],
  gate: Gate,
  port: number,
): Promise<GrpcServer> {
  const server = new Server();
  for (const api of apis) register(server, api, gate);
  const bound = await new Promise<number>((resolvePort, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, number) =>
      error ? reject(error) : resolvePort(number),
    );
  });
  return { port: bound, close: () => server.forceShutdown() };
}

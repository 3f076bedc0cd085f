import { indexed, LITERAL, literal, tableSize } from "@flotilla/rpc/http2/hpack-encoder.ts";
import { FIRST_DYNAMIC, STATIC_TABLE } from "@flotilla/rpc/http2/static-table.ts";

const STATUS_200 = indexed(1 + STATIC_TABLE.findIndex(([name, value]) => name === ":status" && value === "200"));
const CONTENT_TYPE = 1 + STATIC_TABLE.findIndex(([name]) => name === "content-type");
/** Once both are in the table: the type was first, so the newer status stands before it. */
const STEADY_OPENING = Buffer.concat([STATUS_200, indexed(FIRST_DYNAMIC + 1)]);
const STEADY_OK = indexed(FIRST_DYNAMIC);

/**
 * The few header blocks a gRPC server sends. The two that come with every call
 * are put into the receiver's table once, and are two bytes and one from then on.
 */
export class ResponseHeaders {
  private mayIndex = true;
  private resize = false;
  private readonly indexed: ("type" | "status")[] = [];

  /** The receiver's table is smaller than the default: do without it, and say so before the next block (RFC 7541, §4.2). */
  dropTable(): void {
    this.resize = this.mayIndex;
    this.mayIndex = false;
    this.indexed.length = 0;
  }

  /** `:status: 200`, `content-type: application/grpc`. */
  opening(): Buffer {
    if (this.indexed.length === 2) return STEADY_OPENING;
    return this.block(STATUS_200, this.field("type", CONTENT_TYPE, "application/grpc"));
  }

  /** `grpc-status: 0`. */
  ok(): Buffer {
    if (this.indexed.length === 2) return STEADY_OK;
    return this.block(this.field("status", "grpc-status", "0"));
  }

  failed(code: string, message: string): Buffer {
    return this.block(...outcome(code, message));
  }

  /** An answer that is nothing but an error. */
  refusal(code: string, message: string): Buffer {
    return this.block(this.opening(), ...outcome(code, message));
  }

  private field(key: "type" | "status", name: string | number, value: string): Buffer {
    if (!this.mayIndex) return literal(LITERAL.plain, name, value);
    const at = this.indexed.indexOf(key);
    if (at >= 0) return indexed(FIRST_DYNAMIC + at);
    this.indexed.unshift(key);
    return literal(LITERAL.indexed, name, value);
  }

  private block(...parts: Buffer[]): Buffer {
    if (this.resize) {
      this.resize = false;
      parts.unshift(tableSize(0));
    }
    return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
  }
}

const outcome = (code: string, message: string): Buffer[] => [
  literal(LITERAL.plain, "grpc-status", code),
  literal(LITERAL.plain, "grpc-message", message),
];

/** Resource records as dns-packet carries them; names without the final dot. */
export type Record =
  | { type: "A" | "AAAA" | "CNAME" | "PTR" | "NS"; name: string; ttl: number; data: string }
  | { type: "TXT"; name: string; ttl: number; data: string }
  | { type: "SRV"; name: string; ttl: number; data: { priority: number; weight: number; port: number; target: string } }
  | { type: "SOA"; name: string; ttl: number; data: Soa };

export interface Soa {
  mname: string;
  rname: string;
  serial: number;
  refresh: number;
  retry: number;
  expire: number;
  minimum: number;
}

export interface Question {
  name: string;
  type: string;
  class?: string;
}

export type Rcode = "NOERROR" | "FORMERR" | "SERVFAIL" | "NXDOMAIN" | "NOTIMP" | "REFUSED";

export interface Answer {
  rcode: Rcode;
  authoritative: boolean;
  answers: Record[];
  authorities: Record[];
  additionals: Record[];
  /** An ExternalName's target: to be resolved further by whoever can. */
  follow?: string;
}

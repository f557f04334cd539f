// Package receipt implements receipts: documents in which an endpoint signs which results it has
// stored. The host that made the results deletes exactly those when it imports the receipt.
//
// # Document
//
// One JSON object on one line, of at most [MaxBytes]:
//
//	virgo_receipt  1, the version of the format
//	payload        the signed text as a JSON string: the signature is over the bytes of the decoded
//	               string, so that no canonical form of JSON is needed
//	algorithm      "ecdsa-sha256" (ASN.1), "ed25519" or "rsa-pss-sha256" (salt as long as the hash), by the
//	               key of the first certificate
//	signature      base64: over the ASCII text "virgo receipt 1", a zero byte, and the payload
//	certificates   base64 of DER: the signer's first, then its chain
//
// The payload is a JSON object:
//
//	agent      id of the agent whose results these are
//	bundle     id of the bundle that had them, 32 hexadecimal digits; empty where there was none
//	ranges     list of "start-from-to": the results agent/start-from to agent/start-to, both included,
//	           are stored. start has 16 hexadecimal digits, from and to are hexadecimal
//	refused    list of {id, code, message}: results that the endpoint refused, and why; not within ranges
//	endpoint   name of the endpoint, for people
//	issued_ms  when it was signed, by the endpoint's clock, ms since the epoch
//
// Unknown fields are ignored. A file of receipts has one document per line.
//
// # Trust
//
// A receipt must be signed with the key of the endpoint's TLS certificate and is verified with the
// same settings as a connection ([Trust]). A CA file or the system's authorities must lead to the
// certificate, for server authentication. With the system's authorities a name must be expected,
// otherwise the key of any web server would do. A pin without a CA file decides alone.
//
// Certificates must have been valid at issued_ms, not at the time of reading: a receipt may travel
// for months, and the clock of a host behind an air gap may be wrong. The disadvantage is that the
// owner of an expired certificate's key can backdate a receipt, and so make a host delete results that
// were not delivered. Pinning the key or replacing the authority prevents it.
//
// Importing a receipt twice or late does no harm, because the ids of results are never used again.
package receipt

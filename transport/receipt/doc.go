// Package receipt is the proof that an endpoint has results: it signs which, and whoever carries the
// proof back to the host that made them can show it there. The host then deletes exactly those.
//
// # The document
//
// One JSON object on one line, of at most [MaxBytes]:
//
//	virgo_receipt  1, the version of this form
//	payload        the signed text, as a JSON string: these bytes, once unquoted, are what was signed,
//	               so nobody has to agree on how JSON is spelled
//	algorithm      "ecdsa-sha256" (ASN.1), "ed25519" or "rsa-pss-sha256" (salt as long as the hash):
//	               what the key of the first certificate is for
//	signature      base64: over the ASCII text "virgo receipt 1", a zero byte, and the payload
//	certificates   base64 of DER, the signer's first, then what leads to an authority
//
// The payload is a JSON object:
//
//	agent      the id of the agent whose results these are
//	bundle     32 hexadecimal digits: the bundle that brought them; empty where none did
//	ranges     a list of "start-from-to": the endpoint has the results agent/start-from to
//	           agent/start-to, both included. start is 16 hexadecimal digits, from and to are hexadecimal
//	refused    a list of {id, code, message}: results that the endpoint does not want, and why. They
//	           are not within ranges
//	endpoint   the name that the endpoint gives itself, for people
//	issued_ms  when it was signed, by the endpoint's clock, ms since the epoch
//
// Unknown fields are ignored. A file of receipts holds one document a line, each whole in itself.
//
// # Who is believed
//
// Whom the agent would deliver to ([Trust], the settings of its TLS): the signature is by the key of
// the endpoint's certificate, the one that TLS shows. A CA file or the system's authorities must lead to
// it, for a server; where a name is expected the certificate has to bear it, and with the
// system's authorities one must be expected: otherwise any web server's key would do. A pin without a CA file decides alone, as it does for TLS.
//
// Dates are checked at issued_ms, not at the time of reading. A receipt may travel for
// months and outlive the certificate, and the clock of a host behind an air gap is nobody's reference: one
// that came up in 1970 must still be able to clear its spool. The price is that the owner of an expired
// certificate's key can date a receipt back; what such a forgery could do is delete results that wait, and
// who fears it pins the key or replaces the authority.
//
// A receipt that is shown twice, or late, changes nothing: ids are never used again.
package receipt

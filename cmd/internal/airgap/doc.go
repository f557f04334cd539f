// Package airgap moves results across an air gap in sealed bundles.
//
//	Export        writes the waiting results to a bundle; they stay in the spool
//	Deliver       brings another host's bundle to the endpoint, and fetches a receipt
//	ClearReceipts deletes from the spool the results that a receipt names
//
// The bundle goes to the endpoint as its host sealed it (bundle.post), in a session with this host's own id
// and key; the endpoint verifies the seals with the key of the host that made it, and says from which byte
// it goes on. To an endpoint that takes no bundles the results are posted under that host's id, if the
// endpoint's owner has given this host a token for it.
//
// A result has the same id in a bundle and in a direct delivery, so the endpoint stores it once,
// whichever arrives first and however often. Only a receipt or an acknowledgement of the endpoint
// deletes a result as delivered; until then the spool's bounds apply to it as to any other.
//
// # What can fail
//
//   - Export: the file cannot be written; the results stay in the spool. The key that signs bundles
//     (agent.key, beside the spool) is created by the first export. An existing key that cannot be
//     used is never replaced, because importers that know the old key would refuse the new one.
//   - Deliver: the bundle is damaged or forged ([bundle.Reader]), its key is not the one of its
//     agent's first bundle ([KeyError]), the endpoint refuses it ([RefusedError]) or cannot be reached
//     (repeating the command continues the delivery), or the endpoint returns no receipt ([ReceiptError]). This host's own
//     results are not touched.
//   - ClearReceipts: the receipt is for another host ([ForeignError]). Repeating it is harmless.
//
// # Who could abuse it
//
// This host cannot change what the other one reports; it may lose a bundle, which then still waits there.
// An endpoint could claim to have results: only a receipt that it signed deletes them.
//
// # What is stored
//
// In the spool's state: space "exports", by bundle id, what was exported and how much of it receipts
// have confirmed, shown by virgo spool status (at most [maxExports]); space "carried", by agent id,
// the key of that agent's first bundle.
package airgap

// Package airgap moves results across an air gap in sealed bundles.
//
//	Export        writes the waiting results to a bundle; they stay in the spool
//	Deliver       delivers another host's bundle under that host's agent id, and fetches a receipt
//	ClearReceipts deletes from the spool the results that a receipt names
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
//     agent's first bundle ([KeyError]), the endpoint cannot be reached (repeating the command
//     continues the delivery), or the endpoint returns no receipt ([ReceiptError]). This host's own
//     results are not touched.
//   - ClearReceipts: the receipt is for another host ([ForeignError]). Repeating it is harmless.
//
// # What is stored
//
// In the spool's state: space "exports", by bundle id, what was exported and how much of it receipts
// have confirmed, shown by virgo spool status (at most [maxExports]); space "carried", by agent id,
// the key of that agent's first bundle.
package airgap

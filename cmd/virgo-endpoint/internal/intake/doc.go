// Package intake defines which results an endpoint accepts, and the interfaces between the server and
// a store.
//
// # Interfaces
//
// [Intake] stores results, [History] reads them, [Keys] manages the agents' tokens. Package store
// implements them with SQLite; package intaketest has the test suite that every implementation passes.
//
// # What is accepted
//
// [ParsePost] decides by the params of check_metrics.post alone, so a copy of a result is accepted or
// refused like the first one, also after a restart, and whether it comes over a connection or in a
// bundle. A refused result is answered with code 400 and a sentence that names the field.
//
// # What an implementation promises
//
//   - Append returns nil only when the whole batch is durable: it survives kill -9 and a power
//     failure. After an error nothing of the batch is stored, and the agents send it again.
//   - A result is stored once by (agent, result_id); a copy is no error. A result without an id, which
//     agents without the feature result_id send, cannot be distinguished from a copy: each is stored.
//   - A result whose token is not valid at the time of the commit is not stored; the rest of its batch
//     is.
//   - Held names only what is durable and has exactly that id.
//   - Results are returned in the order of their time, and in the order of arrival for the same time.
//   - A token is never stored, only its hash.
package intake

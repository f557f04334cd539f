// Package intake defines which results an endpoint accepts, and the interfaces between the server and
// a store.
//
// # Interfaces
//
// [Intake] admits agents and stores their results, [History] reads results, [Keys] manages who the
// agents are. Package store implements them with SQLite; package intaketest has the test suite that every implementation passes.
//
// # Who an agent is
//
// A token says that a host may enrol; from then on a key says which host it is (PROTOCOL.md,
// agent_key). [Decide] knows the rules, and every implementation uses it. What can fail: the answer to
// an enrolment is lost, and the next hello with the same key succeeds and uses nothing up; two hosts
// enrol with the same id, and the first one wins; a token was used by somebody else, and its owner
// sees that it is used up and which agent it enrolled. Who could abuse it: whoever has a token that is
// still valid can enrol one host (or as many as it allows) under an id that has no key, never under
// one that has; whoever copies a host's state folder can speak for that host until the owner sees the
// warning ([Sessions]) and resets the id.
//
// # What is accepted
//
// A result is read once, by a scanner of ours that is held to encoding/json by a fuzz test over both.
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
//   - A result whose access is not valid at the time of the commit is not stored; the rest of its
//     batch is.
//   - A key is registered, and the use of its token counted, in one durable step, before Admit returns.
//   - Held names only what is durable and has exactly that id.
//   - Agent.RefusedChecks follows the results: it changes in the same durable step, and not with copies.
//   - Latest follows the results as well, in the same durable step; [CheckState.Replaces] decides which is
//     later, [CheckState.Over] which checks count no more.
//   - A token of kind Read opens no session and enrols nobody, and ends at once when it is revoked.
//   - Results are returned in the order of their time, and in the order of arrival for the same time.
//   - A token is never stored, only its SHA-256. A slow hash, as for passwords, would add nothing: a
//     token is 256 random bits, which nobody can guess at any speed, and it would let strangers make
//     the endpoint work.
package intake

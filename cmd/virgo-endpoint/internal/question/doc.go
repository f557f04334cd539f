// Package question has hosts asked what people want to know of them: their host information.
//
// # The data's way
//
// A person asks on the page or over the API. The question is stored in control.db (watch.HostInfo), and is in the
// memory of an [Asker], which the server asks at each heartbeat what to send. What the host answers is checked here,
// and stored in place of its last answer of that type. Questions of another process are seen with the next tick: it
// reads a version, and the questions only if that has changed. For a host that nobody asks anything a session costs the
// look at one number.
//
// # What can fail
//
// The host does not come: the question waits for watch.QuestionsKept. It comes and does not answer, as the session
// breaks, or its run has no time left: it is asked again in a later session, maxAsked times, and then "silent" is
// its answer. The answer cannot be stored: the log says so, and it is asked again. Questions that were sent when
// the endpoint ends are sent again after its start: asking twice changes nothing.
//
// # What people see
//
// The answer with its time, or that the host refused and its words, or what was wrong with its answer; until then that
// it will be asked. What a host may be asked its owner decides (TRUST.md), and no right here changes that.
//
// # Who could abuse it
//
// A hostile host answers what it likes: only JSON of the documented form is kept, at most watch.MaxInfoBytes of it, once
// for each question of a person. Whoever shows it sanitizes its texts. Whoever has the right to ask can learn
// what an owner allows an endpoint to know, and is in the audit log with each question.
package question

// Package admin makes every change that a person or a program can ask for: of schedules, alarms, silences, agents,
// tokens, people and the page. Commands and the HTTP API both call it, so a change has one set of rules and one record.
//
// # The data's way
//
// A method first looks whether the actor may do it ([ScopeError]), then whether it is valid ([Invalid]) and what is
// there now ([Match], [Changed]). Then it writes a record to the audit log, durably, makes the change where it belongs
// (files of the folder, agents and tokens in endpoint.db, the rest in control.db), and notes in the record how that
// went. From the look at what is there to the end of the change it has a lock, also between processes: of two that
// change the same thing one is told that it was changed.
//
// # What can fail, and what people see
//
// What is refused is not recorded: nothing changed. Where the audit log cannot be written, nothing is changed. A
// record whose change a kill interrupted stays "begun": it may have happened, and the list says so. Records have no
// secrets: of a schedule its checks by id and type and a hash, since their details may have passwords; of a token what
// it is for; of a password only that it was changed.
//
// # Who could abuse it
//
// Whoever has a token of kind admin can do what its scopes name, at most ten changes a second, and cannot make more
// of it: a token makes none with further scopes or a later end, and nobody makes or changes a person who may do more
// than they themselves. Notifiers, outputs and commands are files that only the folder's owner writes; here they are
// listed and tested by name. What a host runs its own owner decides (TRUST.md): a schedule is a wish.
package admin

// Package control stores in control.db what the endpoint remembers besides results: states of alarms and their changes,
// silences, the queue of notifications, cursors, people and their sessions, the audit log.
package control

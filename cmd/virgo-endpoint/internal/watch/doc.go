// Package watch has the shapes and interfaces of what the endpoint remembers besides results, as package intake has
// those of results: standing alarms and their changes, silences, notifications that wait, cursors of outputs, people, the audit
// log. Package control stores them; alarm, notify, output, login, admin and web use them, and know neither the store nor
// each other.
package watch

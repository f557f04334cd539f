// Package folder manages the folder of an endpoint: the paths in it, its set-up, and the certificates
// and schedules in it, reloaded when they change on disk.
//
//	ca.pem, ca-key.pem           the endpoint's own certificate authority
//	server.pem, server-key.pem   the TLS certificate; agents pin its key
//	endpoint.db                  agents, keys and tokens (package store)
//	segments/NUMBER.db           results by the time of their arrival, a file for each day
//	history.db                   metrics as columns and roll-ups (package history)
//	control.db                   alarms, silences, people, the audit log (package control)
//	address                      the address that agents connect to, as init was told
//	notify.yaml                  who is told of alarms, and how (package notify)
//	outputs.yaml                 where results are passed on to (package output)
//	client-ids.yaml              which agents clients' certificates are for, if not those of the same name
//	clients/NAME.pem, …-key.pem  certificates for agents, signed by the authority
//	schedules/default.yaml       the checks of every agent that has no file of its own
//	schedules/AGENT_ID.yaml      the checks of one agent
//	alarms.d/NAME.yaml           rules of alarms; page.yaml are those that the page makes
//	upgrades/                    bundles of checks that were published, and the keys of their signers (package releases)
//
// The folder has mode 0700; keys and the store have 0600. On Windows the folder's access list names its
// user, the administrators and the system, and inherits nothing.
//
// # Set-up
//
// [Init] creates what is missing and never changes what exists. Each file is written to a temporary
// file, synced and renamed, a key before its certificate. After an interruption at any step, a power
// failure included, the next Init continues where it stopped. It uses no folder that somebody else made or can
// change, and neither does [Prepare], which makes the folder that a backup is restored to.
//
// # What may change while a server runs
//
// The server certificate and the schedules are reloaded when their files change. A mistake in a schedule
// costs its check alone, and the agent reports it as a result. If no check of a schedule is valid or a
// certificate cannot be read, the last good one stays in use. If there never was a good
// schedule, the agent gets an error and keeps the one that it has; it never gets an empty one.
package folder

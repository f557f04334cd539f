// Package output passes results on to other systems as they arrive: Prometheus and what takes its remote write, receivers of OpenTelemetry,
// InfluxDB, and files or programs that take JSON lines.
//
// # The way of a result
//
// Each output of outputs.yaml follows the feed (package feed) with a durable cursor of its own (watch.Cursors). It gets a batch of
// results, sends what its filters let through, and its cursor is stored when the receiver has taken it. What was sent just before
// the process was killed is sent again: receivers of samples take one with the same time once, JSON lines have seq.
//
// # What can fail
//
// A receiver that is away delays its output alone; the results wait in the store, as long as they are kept. What was deleted
// meanwhile is counted as lost. Results that a receiver refuses for ever (400) are halved until the culprit is found, which is counted and
// left out. What a receiver of OpenTelemetry refuses of a batch is counted, and not sent again.
//
// # What the user sees
//
// virgo-endpoint output list, the page /outputs, /v1/outputs and /v1/health: how far each output is, what was sent, refused and lost,
// and why it waits or left results out.
//
// # Who could abuse it
//
// Where results go is in outputs.yaml alone, which only the owner of the folder may write; its secrets are file: or env: references.
// No text of a host is among a program's arguments. Names and labels that come from hosts follow fixed rules (package names).
package output

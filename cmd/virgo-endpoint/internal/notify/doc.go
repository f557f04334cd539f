// Package notify tells people what changed: it routes events to notifiers, groups them, and sends them from a durable
// queue.
package notify

// Package chat sends notifications to chat and push services by nicholas-fedor/shoutrrr: its URLs name the service and
// hold its secrets, as in slack://…, ntfy://ntfy.sh/topic, telegram://TOKEN@telegram?chats=….
//
// The library's errors quote the whole URL, and its requests do not heed a context. So nothing of its errors is passed
// on but an HTTP status and the kind of a network's failure, and a request that goes on behind its time keeps the
// notifier from getting anything else (package notify). Mail has a driver of its own, and the library's logger prints
// into a log nobody reads: both schemes are refused.
//
// Texts of hosts could call everybody of a channel (@everyone, <!here>); such words are taken apart.
package chat

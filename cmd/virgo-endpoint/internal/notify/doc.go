// Package notify tells people what changed.
//
// # The way of an event
//
// The alarm engine passes an event to [Config.Route], which is pure: the routes of notify.yaml say by which notifiers
// it is told. What comes back are rows of a durable queue (watch.Queue), which the engine stores in the transaction of
// the change itself. A row is due when its minute ends; [Notifier.Run] then joins the rows of a host into one message,
// and those of more than ten hosts into one as well, and a [Driver] sends it. A row is deleted when the driver
// succeeded: what was sent just before the process was killed is sent again, with the same id.
//
// # What can fail
//
// A notifier that fails is tried again after 10 s, 30 s, 1, 2, 5 and then each 10 min, for three days. While it fails,
// the messages behind it wait; the events of a host are never sent out of their order. After three failures or five
// minutes another notifier tells of it (fallback), which also gets what was given up. A driver that does not come back
// in its time has failed; nothing else is given to it until it does. An escalation is dropped when the alarm ended, was
// acknowledged or changed meanwhile, and waits while a silence holds.
//
// # What the user sees
//
// virgo-endpoint notify list shows every notifier with its last success, since when it fails and why, and what waits;
// notify test NAME sends a message. Without a notify.yaml nobody is told, and the log and the page say so.
//
// # Who could abuse it
//
// Recipients, addresses and commands are in notify.yaml alone, which only the owner of the endpoint's folder may
// write ([Load] asks package ownership); the API names notifiers and tests them. Texts of hosts are sanitized before
// they are in a message. Secrets are references (file:, env:), and a [Secret] prints as "[redacted]"; errors name the
// host of a URL alone, since the rest of it is often a secret.
package notify

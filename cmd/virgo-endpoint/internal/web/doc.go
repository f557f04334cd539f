// Package web shows what the endpoint knows as pages: hosts, one host with plots, alarms. It changes nothing
// itself: forms send what the HTTP API takes, with the same rights.
//
// The data's way: a [Site] is one http.Handler. A view (views.go) has a pattern, a template and a function that
// reads what the page shows; it answers with HTML that is complete without a script. virgo.js then keeps it up to
// date: /events sends rows that changed as the same HTML. Templates are parsed and assets compressed once, at the
// start; the address of an asset has a hash of its content, so browsers keep it for a year.
//
// What can fail: the store cannot be read, then the page says so with the code 500 or 503 and the log says why. A
// template that fails is found before a byte is sent: a document is rendered into memory, bounded by maxDocument.
//
// What a user sees: times in the zone of the browser (a cookie names it; before that in the endpoint's), light or
// dark as the system or the button says, "–" for what is unknown. Everything that is seen is in the address.
//
// Who could abuse it: names and texts come from hosts, so html/template escapes them, no template uses a style or an
// event attribute, and the policy in headers.go forbids every script, style and request that is not this site's.
// What is not GET or HEAD must come from this site ([http.CrossOriginProtection]). Nothing is shown without a
// person, but the login page, assets, and what is public by an admin's decision.
package web

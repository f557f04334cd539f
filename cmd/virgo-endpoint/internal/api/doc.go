// Package api is the endpoint's HTTP API: agents with their state, checks, latest results, results and the history of
// metrics, the endpoint's own health and its figures for Prometheus; and all that can be changed: schedules, rules of
// alarms, silences, agents, tokens, people.
//
// # The data's way
//
// [New] makes a handler that reads a store through intake's History and Keys. What changes something goes to package
// admin, which decides, records and does it; here it gets its form. `serve --api` gives it a listener of its own, so
// that no reader takes a place from an agent; `serve --web` has it beside the page, and there a browser that is logged in
// counts as its person. Agents and results have the form of package report, as in the
// commands' --json.
//
// The OpenAPI document ([Document]) is made from the same Go types as the answers, by
// github.com/danielgtaylor/huma/v2, which also validates parameters by it. Measured with v2.37.2: huma links no other
// module and adds 1.0 MB to a program that links net/http and encoding/json anyway. kin-openapi reads and
// validates documents that somebody else keeps in step with the code; net/http alone leaves both the
// document and the validation to us. A test validates every answer against the document with a validator that is
// not huma's.
//
// # What can fail, and what a reader sees
//
// An error is a problem document (RFC 9457). 401: no valid token of kind read or admin; 403: it lacks a scope, and which;
// 404: no such thing; 412: somebody changed it meanwhile (If-Match), and the present ETag; 422: a parameter is out of
// its bounds, or a file has mistakes, and where; 428: If-Match is missing; 429: too many requests at once, with
// Retry-After; 500: the store cannot be read, and the endpoint's log says why. A stream of results ends
// with a line that says it is complete; one without it was cut, by an error, by its time limit or because
// the token was revoked. Cursors lead on.
//
// # Who could abuse it
//
// Whoever has a token of kind read sees what all hosts report, and nothing about tokens, people and the contents of
// schedules. One of kind admin does what its scopes name: the guard refuses a route without its scope, and package admin
// looks once more. Tokens are compared by
// their SHA-256 (package intake says why), looked up for each request and again while a stream goes on, so
// that a revoked one ends at once. Requests without a valid token cost one look-up; their number at a time is bounded as that of others. There is
// no CORS, so no web page reads it with a visitor's browser. Cookies count on the page's listener alone; there a request
// of another origin changes nothing (http.CrossOriginProtection), nor does a body that a form could send. Everything is bounded by named
// constants: pages, spans of time, requests at a time, streams at a time and their length, headers, times.
// On anything but loopback it is served with TLS, by the endpoint's certificate.
package api

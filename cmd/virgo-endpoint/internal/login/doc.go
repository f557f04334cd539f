// Package login says who a request of the page is from: a person who gave a password, or one whom a reverse proxy names.
// Tokens of the API are looked up by package api.
//
// # The way of a request
//
// A person gives name and password once ([Login.Begin]). The browser gets a cookie of 256 random bits, of which the store
// has the SHA-256, with the person and the times. Each request is looked up by it ([Login.Who]), so a session ends at once
// when the person is disabled, removed, or gets another role or password; else after watch.SessionLife, or watch.SessionIdle
// without use. With a proxy ([Proxy]) there are no passwords and no cookies: the person is who the header names, and the header
// counts only from the addresses that were named.
//
// The first person is made by a link that the endpoint prints when it starts and nobody is there ([Login.FirstCode]).
// It is in memory only, works once, for [CodeLife], and not any more when there is a person.
//
// # What can fail
//
// The store cannot be read: nobody is let in. Hashing a password takes 19 MiB and some 30 ms, so it is done for one
// person at a time; a few wait, the others get [ErrBusy]. The memory goes back to the system after that.
//
// # What a person sees
//
// [ErrWrong] does not tell whether the name or the password was wrong. After five wrong attempts from an address, or for
// a name, there is one a minute ([TooManyError]); an address from which a person has logged in since the start is
// counted on its own, so that strangers do not lock that person out; behind a proxy it is the address that the proxy names
// in X-Forwarded-For. Who logged in and how often it failed is in
// the audit log, summed by hour; a name that nobody has is not written there, since it may be a password.
//
// # Who could abuse it
//
// Another site that a browser shows: the cookie is SameSite=Lax, and package web and api let no request of another origin
// change anything. Another program on this host: it can connect from loopback, so loopback is no proxy unless it was named,
// and whoever names it trusts every user of the host; a script that a browser here runs under a name of its own is
// refused. Somebody who reads control.db finds no cookie and no password.
// Browsers send the cookie of plain http to all ports of the host, so a program of another user there that the person
// opens gets it; that of https only where the browser accepts a certificate.
// Somebody who plants a cookie gains nothing: a login always makes a new session, and ends the one that the browser had.
// A cookie of plain http has another name than that of https, and is not taken there.
package login

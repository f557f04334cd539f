// Package login says who a request of the page or the API is from: passwords, sessions, a proxy's header, tokens.
package login

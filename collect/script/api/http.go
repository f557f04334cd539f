package api

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"virgo/collect/script"
	"virgo/schedule/capability"
)

const (
	maxHeaderBytes = 64 << 10 // of an answer, and of a request
	maxRedirects   = 5
	maxURLBytes    = 8 << 10
)

// httpDoc describes what both functions share.
const httpDoc = "Requests of HTTP/1.1, each on a connection of its own, without a proxy. A URL is of " +
	"http or https, or http://unix:/run/x.sock:/path for a Unix socket, which is declared as unix. " +
	"The answer of any status is one; nil and why if there is none in time, it has more than 1 MiB, " +
	"or its headers more than 64 KiB. headers has the names in lower case; tls is the server's " +
	"certificate, as x509.decode has it, for https. Up to 5 redirects are followed (redirects=0: " +
	"none), each only if the script may ask for it by itself; to another host go neither headers nor " +
	"the password."

func httpModule() script.Module {
	return script.Module{
		Name: "http",
		Doc:  httpDoc + " " + tlsDoc,
		Functions: []script.Function{
			{Name: "get", Signature: "http.get(url [, {headers={}, timeout=10, user, password, " +
				"insecure=false, ca, server_name, cert, key, redirects=5}]) -> {status, headers, body, tls}",
				MinArgs: 1, MaxArgs: 2, Needs: capability.HTTP,
				Doc: "Sends a request GET.",
				Call: func(c *script.Call, l *lua.LState) int {
					o := optionsAt(l, 2, requestOptions()...)
					return exchange(c, l, newRequest(l, o, "GET", l.CheckString(1), ""), o)
				}},
			{Name: "request", Signature: `http.request{url, method="GET", body, headers={}, timeout=10, ` +
				"user, password, insecure=false, ca, server_name, cert, key, redirects=5} " +
				"-> {status, headers, body, tls}",
				MinArgs: 1, MaxArgs: 1, Needs: capability.HTTP,
				Doc: "Sends a request of any method: " + strings.Join(methods(), ", ") + ".",
				Call: func(c *script.Call, l *lua.LState) int {
					l.CheckTable(1)
					o := optionsAt(l, 1, append(requestOptions(), "url", "method", "body")...)
					r := newRequest(l, o, o.text("method", "GET"), o.text("url", ""), o.text("body", ""))
					return exchange(c, l, r, o)
				}},
		},
	}
}

func requestOptions() []string {
	return append(tlsNames(), "headers", "timeout", "user", "password", "redirects")
}

// Package remote looks at other hosts from this one: HTTP, TCP, ping, DNS.
package remote

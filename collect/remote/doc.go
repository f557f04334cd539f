// Package remote checks other hosts from this one: HTTP, TCP, ping, DNS. [Types] returns its check
// types.
//
// # Targets
//
// remote.tcp and remote.ping take their host from the detail target, else from the check's
// target_alias. remote.http uses the host of its URL; with a target, or a target_alias that is an IP
// address, it connects to that host instead, while the request and the verification of the
// certificate use the URL's host. remote.dns queries the server in the detail server, else the
// target, else the servers in /etc/resolv.conf. target_resolver IPv4 or IPv6 restricts the address
// family.
//
// A target_alias such as "public0_v4" is a key in the endpoint's list of addresses, which the agent
// does not have, so it is used as a host name only if the check names no other host.
//
// # Times
//
// tt_resolve, tt_connect, tt_ssl and tt_firstbyte are the milliseconds from the start of the last
// request (after redirects and a login there are several) until the name was resolved, the
// connection and TLS were established, and the first byte of the response was received. duration is
// the time of the whole check. With a proxy, tt_resolve and tt_connect are the proxy's.
//
// # Certificates
//
//   - Trust: the trusted authorities are the system's, or instead those in ca_file. server_name
//     replaces the URL's host, or the target, in the handshake and when the name is verified.
//   - Faults: a certificate that is expired or self-signed, has another name or is signed by an unknown
//     authority is reported in cert_error (empty: trusted). The check continues and stays available.
//   - Secrets: auth_user and auth_password are not sent to a server whose certificate is not trusted,
//     unless tls_verify is false; the status then reports it. Headers and payload are sent in any
//     case.
//   - Redirects: server_name and the client certificate in cert_file, like the login, headers and
//     payload, are for the URL's scheme, host and port only, not for another origin.
//
// The certificate of a proxy must be trusted, by the system's authorities or those in ca_file.
//
// # Matches
//
// Patterns are RE2 (regexp/syntax). The value of a match metric is the text of the first group, or
// of the whole match of a pattern without groups; without a match it is empty and the check stays
// available, as alarms on body_match expect. Patterns are matched against the body decoded from
// gzip or deflate.
//
// # Limits
//
// Constants of this package limit what is read from servers: bodies, headers, lines, redirects,
// replies. The check's context ends every wait, and closes every connection, socket and goroutine.
// Only remote.http uses a proxy, and only one that its detail proxy names; the environment is
// ignored. A proxy resolves the URL's host itself, also with SOCKS 5 (socks5 and socks5h are the
// same).
//
// # Libraries
//
//   - net/http, with a transport and a single connection for each request: it would otherwise repeat
//     a request for ever while the server resets HTTP/2
//   - icholy/digest for digest authentication
//   - miekg/dns for DNS messages
//   - golang.org/x/net/icmp for echo requests
//
// prometheus-community/pro-bing was tried for remote.ping and rejected: on a prohibited route
// (EACCES) it retries for ever and ignores its context, so that a check would leave a busy
// goroutine behind.
package remote

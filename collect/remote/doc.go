// Package remote looks at other hosts from this one: HTTP, TCP, ping, DNS. [Types] gives its checks.
//
// # What a check looks at
//
// remote.tcp and remote.ping take their host from the detail target, else from the check's target_alias.
// remote.http takes it from its URL; a target, or a target_alias that is an IP address, is where it connects
// instead, while the request and the certificate's check still name the URL's host. remote.dns asks server, else the
// target, else the servers of /etc/resolv.conf. target_resolver IPv4 or IPv6 keeps to that family.
//
// An alias such as "public0_v4" is a key of the endpoint's list of addresses and means nothing here, so that
// it counts as a host only where a check has no other.
//
// # Times
//
// tt_resolve, tt_connect, tt_ssl and tt_firstbyte are milliseconds from the start of the last request (where it
// was redirected or had to log in, there was more than one) until its name was resolved, the connection stood,
// TLS did, the first byte of the answer came. duration is the whole check. Through a proxy the first two
// are the proxy's.
//
// # Certificates
//
// A certificate that is expired, self-signed, of another name or of an unknown authority is a fact
// (cert_error, empty where all is well) and no failure: the check goes on and stays available. Since nobody knows then
// who answers, auth_user and auth_password are not sent to such a server, and the status says so, unless tls_verify is
// false; headers and payload are sent as they are written. Trusted are the authorities that the system trusts, or instead
// those of ca_file. server_name stands for the URL's host, or the target, in the handshake and in the certificate; it and
// the certificate of cert_file are for the URL's own scheme, host and port: where else a redirect leads gets neither. A
// proxy's certificate must be in order, by the system's authorities or those of ca_file.
//
// # Matches
//
// Patterns are RE2 (regexp/syntax). The value of a match metric is the first group's text, or the whole match of a
// pattern without groups; empty where nothing matches, and the check stays available, as alarms on
// body_match expect. The text that is matched is the body with its gzip or deflate undone.
//
// # Bounds
//
// Nothing a server sends is kept past a constant of this package: bodies, headers, lines, redirects, answers.
// Every wait ends with the check's context, and with it every connection, socket and goroutine.
// No proxy is used unless remote.http's detail proxy asks for one; the process's environment is not looked at. A proxy
// finds the URL's host itself: one of HTTP, and one of SOCKS 5 as well (socks5 and socks5h are the same).
//
// # Libraries
//
// net/http (a transport and one connection for each request, which it would otherwise repeat without end to a server that
// breaks off HTTP/2), icholy/digest for the digest's
// arithmetic, miekg/dns for DNS messages, golang.org/x/net/icmp for echoes. prometheus-community/pro-bing was
// tried for remote.ping and left: on a route that is prohibited (EACCES) its send repeats itself for ever and heeds no
// context, so that a check would leave a busy goroutine behind.
package remote

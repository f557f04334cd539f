// Package config reads and writes the agent's settings, and defines the default paths.
//
// # Precedence
//
// A flag overrides the environment, which overrides the file, which overrides the default. Flags are
// handled by the command line, the rest by this package. Each key of the file has an environment variable:
// VIRGO_ and the key in capitals (VIRGO_ENDPOINT, VIRGO_SPOOL_MAX_BYTES), lists with commas. An
// empty variable counts as not set.
//
// # Mistakes
//
// Whatever is wrong, the host is checked: [Load] returns what is right, and a [Mistake] for each
// setting that is not. Such a setting counts as not set. If it decides whom the agent trusts or who it
// is, or resembles one that does, nothing may be delivered to anybody ([Config.Untrusted]): a pin that
// is ignored would be a host that trusts anybody.
//
// # The file
//
// virgo.yaml is parsed strictly: an unknown key or a wrong type is a mistake with file and line,
// because a misspelt setting would silently have no effect. The file of the original Virgo agent, with
// "monitoring_token X" lines, is accepted too; the first word of a file decides which kind it is.
//
//	endpoint: monitor.example.com:50041   # or endpoints: [a:1, b:2]; an SRV name begins with _
//	token: file:/etc/virgo/token          # or env:NAME, credential:NAME, or the token itself
//	agent_id: web-1-1a2b3c4d
//	agent_name: web-1
//	pin: sha256:…                         # of the endpoint's public key; several: a list
//	ca_file: /etc/virgo/ca.pem
//	backup_pin: sha256:…                  # of the endpoint's next key
//	server_name: monitor.example.com
//	client_cert: client.pem               # shown to the endpoint; client_key: FILE if it has no key
//	proxy: http://user:pw@proxy:3128      # or https://, socks5://, none
//	no_proxy: [example.com, 10.0.0.0/8]
//	spool: {max_bytes: 64MiB, max_age: 30d}
//	deadline: 50s
//	concurrency: 128                      # checks at the same time, at most
//	schedule_max_age: 1h
//	worker_user: virgo                    # of checks of services and other hosts; root: the agent's own
//	allow_remote: [check.test, check.targets, host_info]   # requests of the endpoint; none or []: nothing
//	host_info_deny: [procs, connections]                   # host information it never gets
//	host_info_arguments: names            # of command lines and options; full: with values, secrets included
//
// Durations and sizes have a unit (a size without one is bytes). A relative path is relative to the
// file's folder.
//
// If neither the file nor VIRGO_PROXY names a proxy, HTTPS_PROXY (https_proxy) and NO_PROXY (no_proxy)
// are used; both only if there is an endpoint. "none" disables the proxy even if those variables are
// set.
//
// # The token
//
// The token is read only when it is needed, and never printed: a [Secret] is "[redacted]" in every
// format. A file with a token or a proxy's password must be accessible to its owner only. Otherwise
// reading it is an error, whose hint is the chmod command.
package config

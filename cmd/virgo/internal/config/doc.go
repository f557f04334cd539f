// Package config reads and writes the agent's settings, and knows where things lie.
//
// # Precedence
//
// A flag beats the environment, which beats the file, which beats the default. The flags are the command
// line's; this package does the rest. Each key of the file has a variable: VIRGO_ and the key in capitals
// (VIRGO_ENDPOINT, VIRGO_SPOOL_MAX_BYTES), a list with commas. One that is empty counts as not set.
//
// # The file
//
// virgo.yaml, read strictly: an unknown key or a wrong type is an error with file and line, because a
// setting that is misspelt is a setting that silently does nothing. An existing agent's file of
// "monitoring_token X" lines is read as well; which of the two a file is, is seen by looking.
//
//	endpoint: monitor.example.com:50041   # or endpoints: [a:1, b:2]; an SRV name begins with _
//	token: file:/etc/virgo/token          # or env:NAME, credential:NAME, or the token itself
//	agent_id: web-1-1a2b3c4d
//	agent_name: web-1
//	pin: sha256:…                         # of the endpoint's public key; several: a list
//	ca_file: /etc/virgo/ca.pem
//	backup_pin: sha256:…                  # of the key that it is going to have next
//	server_name: monitor.example.com
//	client_cert: client.pem               # what this host shows; client_key: FILE where it is not in there
//	proxy: http://user:pw@proxy:3128      # or https://, socks5://, none
//	no_proxy: [example.com, 10.0.0.0/8]
//	spool: {max_bytes: 64MiB, max_age: 30d}
//	deadline: 50s
//	concurrency: 128                      # checks that run at a time, at the most
//	schedule_max_age: 1h
//	allow_remote: [check.test, check.targets, host_info]   # what the endpoint may ask; none or []: nothing
//	host_info_deny: [procs, connections]                    # what it is not told all the same
//
// Spans of time and sizes carry their unit (a size without one is bytes). A path that is relative is taken
// from the file's own folder.
//
// A proxy that neither the file nor VIRGO_PROXY names is taken from HTTPS_PROXY (https_proxy), hosts that need
// none from NO_PROXY (no_proxy), and only where there is an endpoint to reach. "none" is no proxy, whatever
// those say.
//
// # The token
//
// It is read when a session opens, and never printed: [Secret] shows as [redacted] in every format. A file
// that holds it, or a proxy's password, must be its owner's alone; a looser mode is refused with the command that mends it.
package config

// Package trust reads the TLS details of a check (CA file, client certificate, server name) and the
// files that they name. Whether an untrusted server is an error or a metric is up to the check.
package trust

package service

import (
	"crypto/tls"

	"virgo/collect"
	"virgo/collect/trust"
	"virgo/schedule"
)

// tlsDetails describes the details that readTLS reads.
func tlsDetails() []collect.Detail {
	return append([]collect.Detail{
		{Name: "tls_verify", Summary: "false: take any certificate of the server's (true)"},
	}, trust.Details()...)
}

// readTLS reads the details that say how to talk TLS with host. Errors: *[schedule.DetailError], and those of
// reading the files.
func readTLS(d schedule.Details, host string) (*tls.Config, error) {
	verify, err := d.Bool("tls_verify", true)
	if err != nil {
		return nil, err
	}
	c, err := trust.Read(d, host)
	if err != nil {
		return nil, err
	}
	c.InsecureSkipVerify = !verify
	return c, nil
}

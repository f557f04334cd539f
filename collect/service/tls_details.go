package service

import (
	"crypto/tls"

	"virgo/collect"
	"virgo/collect/trust"
	"virgo/schedule"
	"virgo/schedule/detail"
	"virgo/schedule/policy"
)

// tlsDetails describes the details that readTLS reads.
func tlsDetails(from string) []collect.Detail {
	return append([]collect.Detail{
		{Name: "tls_verify", Role: schedule.Switch, Kind: detail.Boolean, Default: "true", Summary: "false: accept any server certificate"},
	}, trust.Details(from)...)
}

// readTLS reads the details of TLS with host. Errors: *[schedule.DetailError], and those of reading
// files.
func readTLS(d schedule.Details, host string, g *policy.Guard) (*tls.Config, error) {
	verify, err := d.Bool("tls_verify", true)
	if err != nil {
		return nil, err
	}
	c, err := trust.Read(d, host, g)
	if err != nil {
		return nil, err
	}
	c.InsecureSkipVerify = !verify
	return c, nil
}

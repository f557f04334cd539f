package service

import (
	"fmt"
	"maps"
	"strings"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

// withMyCnf adds the connection's settings from the option file that the detail mycnf names.
// Details override them.
func withMyCnf(d schedule.Details, g *policy.Guard) (schedule.Details, error) {
	path, err := collect.OptionalText(d, "mycnf")
	if err != nil || path == "" {
		return d, err
	}
	options, err := readMySQLOptions(path, g)
	if err != nil {
		return nil, fmt.Errorf("reading mycnf: %w", err)
	}
	all := options.details()
	if isSet(d, "host") || isSet(d, "port") {
		delete(all, "socket")
	}
	for key := range d {
		if isSet(d, key) {
			all[key] = d[key]
		}
	}
	return all, nil
}

// isSet reports whether a detail is present and not empty.
func isSet(d schedule.Details, key string) bool { return d[key] != nil && d[key] != "" }

// details returns the options as details of the check.
func (o mysqlOptions) details() schedule.Details {
	d := make(schedule.Details)
	for option, detail := range map[string]string{
		"user": "username", "password": "password", "host": "host", "port": "port", "socket": "socket",
		"ssl-ca": "ca_file", "ssl-cert": "cert_file", "ssl-key": "key_file",
	} {
		if value := o[option]; value != "" {
			d[detail] = value
		}
	}
	maps.Copy(d, o.tlsDetails())
	return d
}

// tlsDetails returns the details for MySQL's ssl-mode and for MariaDB's ssl, skip-ssl and
// ssl-verify-server-cert.
func (o mysqlOptions) tlsDetails() schedule.Details {
	isOn := func(option string) (value, ok bool) {
		text, ok := o[option]
		return text != "0" && !strings.EqualFold(text, "off") && !strings.EqualFold(text, "false"), ok
	}
	d := make(schedule.Details)
	switch strings.ToUpper(o["ssl-mode"]) {
	case "DISABLED":
		d["tls"] = false
	case "REQUIRED":
		d["tls"] = true
		d["tls_verify"] = o["ssl-ca"] != ""
	case "VERIFY_CA", "VERIFY_IDENTITY":
		d["tls"] = true
	}
	if ssl, ok := isOn("ssl"); ok {
		d["tls"] = ssl
	}
	if skip, ok := isOn("skip-ssl"); ok && skip {
		d["tls"] = false
	}
	if verify, ok := isOn("ssl-verify-server-cert"); ok {
		d["tls_verify"] = verify
	}
	return d
}

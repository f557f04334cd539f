package service

import (
	"fmt"
	"maps"
	"strings"

	"virgo/collect"
	"virgo/schedule"
)

// withMyCnf adds to the details what the option file that the detail mycnf names says of the connection. What the
// details say themselves stands.
func withMyCnf(d schedule.Details) (schedule.Details, error) {
	path, err := collect.OptionalText(d, "mycnf")
	if err != nil || path == "" {
		return d, err
	}
	options, err := readMySQLOptions(path)
	if err != nil {
		return nil, fmt.Errorf("reading mycnf: %w", err)
	}
	all := options.details()
	if given(d, "host") || given(d, "port") {
		delete(all, "socket")
	}
	for key := range d {
		if given(d, key) {
			all[key] = d[key]
		}
	}
	return all, nil
}

func given(d schedule.Details, key string) bool { return d[key] != nil && d[key] != "" }

// details are the options in the words of a check's details.
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

// tlsDetails are what MySQL's ssl-mode, or MariaDB's ssl, skip-ssl and ssl-verify-server-cert, ask for.
func (o mysqlOptions) tlsDetails() schedule.Details {
	on := func(option string) (value, there bool) {
		text, there := o[option]
		return text != "0" && !strings.EqualFold(text, "off") && !strings.EqualFold(text, "false"), there
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
	if ssl, there := on("ssl"); there {
		d["tls"] = ssl
	}
	if off, there := on("skip-ssl"); there && off {
		d["tls"] = false
	}
	if verify, there := on("ssl-verify-server-cert"); there {
		d["tls_verify"] = verify
	}
	return d
}

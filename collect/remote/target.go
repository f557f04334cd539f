package remote

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

// A family is an address family, as the suffix of a network's name in package net.
type family string

const (
	anyFamily family = ""
	onlyIPv4  family = "4"
	onlyIPv6  family = "6"
)

// targetDetails describes the details of the target; from is the detail that names the host without it,
// or "".
func targetDetails(required bool, from string) []collect.Detail {
	return []collect.Detail{
		{Name: "target", Role: schedule.Host, From: from, Kind: detail.Host, Summary: "host name or IP address", Required: required},
		{Name: "target_resolver", Role: schedule.Other, Kind: detail.Choice, Choices: []string{"IPv4", "IPv6"},
			Summary: "use only addresses of that family"},
	}
}

// target returns the host in the detail target, else the alias, in ASCII; empty where there is
// neither. Error: *schedule.DetailError.
func target(check schedule.Check) (string, error) {
	text, err := collect.OptionalText(check.Details, "target")
	if err != nil {
		return "", err
	}
	if text == "" {
		text = check.TargetAlias
	}
	return asciiHost("target", text)
}

// requiredTarget returns the target, or an error where there is none.
func requiredTarget(check schedule.Check) (string, error) {
	host, err := target(check)
	if err == nil && host == "" {
		err = &collect.MissingDetailError{Key: "target"}
	}
	return host, err
}

// targetFamily reads target_resolver. Error: *schedule.DetailError.
func targetFamily(d schedule.Details) (family, error) {
	text, err := collect.OptionalText(d, "target_resolver")
	switch {
	case err != nil:
		return "", err
	case text == "":
		return anyFamily, nil
	case strings.EqualFold(text, "IPv4"):
		return onlyIPv4, nil
	case strings.EqualFold(text, "IPv6"):
		return onlyIPv6, nil
	}
	return "", wrongDetail("target_resolver", text, "IPv4 or IPv6")
}

// asciiHost returns an IP address without brackets, or a name in ASCII (RFC 5891).
func asciiHost(key, text string) (string, error) {
	host := strings.TrimSpace(text)
	if inner, ok := strings.CutPrefix(host, "["); ok {
		host = strings.TrimSuffix(inner, "]")
	}
	if host == "" {
		return "", nil
	}
	if _, err := netip.ParseAddr(host); err == nil {
		return host, nil
	}
	name, err := idna.Lookup.ToASCII(host)
	if err != nil {
		name = host // such as a name with an underscore, which IDNA rejects and DNS has
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > '~' }) {
		return "", wrongDetail(key, text, "a host name or an IP address")
	}
	return name, schedule.ValidateHost(key, name)
}

// port reads a TCP port. Error: *schedule.DetailError.
func port(d schedule.Details, key string, def int64) (int64, error) {
	n, err := d.Int(key, def)
	if err == nil && (n < 1 || n > 65535) {
		text, _ := d.Text(key)
		err = wrongDetail(key, text, "a port from 1 to 65535")
	}
	return n, err
}

// wrongDetail returns the error of an invalid detail. The value, which must not be a secret, is
// truncated.
func wrongDetail(key, value, want string) error {
	return &schedule.DetailError{Key: key, Value: sanitize(value, 64), Want: want}
}

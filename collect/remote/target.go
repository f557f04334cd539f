package remote

import (
	"net/netip"
	"strings"

	"golang.org/x/net/idna"

	"virgo/collect"
	"virgo/schedule"
)

// maxHostBytes is the longest name that DNS has (RFC 1035, 2.3.4), and a zone of an IPv6 address fits as well.
const maxHostBytes = 255

// family is the kind of address to look at: the suffix of a network's name for package net.
type family string

const (
	anyFamily family = ""
	onlyIPv4  family = "4"
	onlyIPv6  family = "6"
)

// targetDetails are the details that say whom to look at.
func targetDetails(required bool) []collect.Detail {
	return []collect.Detail{
		{Name: "target", Summary: "host name or IP address", Required: required},
		{Name: "target_resolver", Summary: "IPv4 or IPv6: only addresses of that kind"},
	}
}

// target gives the host that the details or else the alias name, in its ASCII form; empty where neither does.
// Error: *schedule.DetailError.
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

// requiredTarget is target for a check that has no other host.
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

// asciiHost is a host as resolvers take it: an IP address without brackets, or a name in ASCII (RFC 5891).
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
		name = host // names with an underscore are none to IDNA and are found all the same
	}
	if len(name) > maxHostBytes || strings.ContainsFunc(name, notInHost) {
		return "", wrongDetail(key, text, "a host name or an IP address")
	}
	return name, nil
}

func notInHost(r rune) bool {
	return r > '~' || r <= ' ' || strings.ContainsRune(`/\@:?#%[]"'<>|`, r)
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

// wrongDetail is the error of a detail that is not what was asked for; the value is cut to what a status has
// room for, and no secret may be in it.
func wrongDetail(key, value, want string) error {
	return &schedule.DetailError{Key: key, Value: cut(value, 64), Want: want}
}

package remote

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const (
	maxAliases       = 16   // CNAMEs that are followed from the name that was asked for
	maxAnswerListing = 4096 // bytes of records that are reported
)

// records are the values of the records of a kind that the name has, itself or by its aliases, as a zone file writes them,
// sorted: servers turn their order. What an answer says of other names does not count.
func records(answer []dns.RR, name string, kind uint16) []string {
	names := []string{strings.ToLower(name)}
	for range maxAliases {
		next := alias(answer, names[len(names)-1])
		if next == "" || slices.Contains(names, next) || kind == dns.TypeCNAME {
			break
		}
		names = append(names, next)
	}
	var values []string
	for _, rr := range answer {
		h := rr.Header()
		if h.Rrtype == kind && h.Class == dns.ClassINET && slices.Contains(names, strings.ToLower(h.Name)) {
			values = append(values, strings.TrimPrefix(rr.String(), h.String()))
		}
	}
	slices.Sort(values)
	return values
}

func alias(answer []dns.RR, of string) string {
	for _, rr := range answer {
		if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, of) {
			return strings.ToLower(c.Target)
		}
	}
	return ""
}

// listed joins the records with ", ", as many as there is room for.
func listed(values []string) string { return cut(strings.Join(values, ", "), maxAnswerListing) }

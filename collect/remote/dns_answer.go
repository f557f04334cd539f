package remote

import (
	"slices"
	"strings"

	"github.com/miekg/dns"
)

const (
	maxAliases       = 16   // CNAMEs that are followed
	maxAnswerListing = 4096 // bytes of the records in the metric
)

// records returns the data of the name's records of a kind, followed through aliases, as in a zone
// file. They are sorted, since servers rotate them. Records of other names are ignored.
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

// alias returns the target of the name's CNAME; empty where it has none.
func alias(answer []dns.RR, of string) string {
	for _, rr := range answer {
		if c, ok := rr.(*dns.CNAME); ok && strings.EqualFold(c.Hdr.Name, of) {
			return strings.ToLower(c.Target)
		}
	}
	return ""
}

// joinRecords joins the records with ", ", truncated to maxAnswerListing.
func joinRecords(values []string) string {
	return sanitize(strings.Join(values, ", "), maxAnswerListing)
}

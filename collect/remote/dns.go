package remote

import (
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/detail"
)

type dnsCheck struct {
	// configuration is the path of resolv.conf(5).
	configuration string
}

func dnsType() collect.Type {
	return collect.Type{
		Name:    "remote.dns",
		Summary: "DNS records of a name, and the time of the lookup",
		Details: append([]collect.Detail{
			{Name: "query", Role: schedule.DomainName, Summary: "name to look up; with PTR, an IP address", Required: true},
			{Name: "record_type", Role: schedule.Other, Kind: detail.Choice, Choices: recordTypes(), Default: "A", Summary: "type of the records"},
			{Name: "server", Role: schedule.Address, From: "target", Kind: detail.HostPort,
				Summary: "DNS server, host or host:port; if absent the target, else those of /etc/resolv.conf"},
		}, targetDetails(false, "")...),
		KeyMetrics: []string{"answer", "count", "tt_resolve"},
		Checker:    dnsCheck{configuration: "/etc/resolv.conf"},
	}
}

// Check queries the records. A name that does not exist, a name without such records, and a server
// that returns an error make the check unavailable.
func (c dnsCheck) Check(ctx context.Context, req collect.Request) (collect.Report, error) {
	if err := ctx.Err(); err != nil {
		return collect.Report{}, err
	}
	q, err := c.read(req.Check, req.Guard)
	if err != nil {
		return collect.Report{}, err
	}
	start := time.Now()
	reply, server, err := q.exchange(ctx)
	took := time.Since(start)
	if err != nil {
		return collect.Report{}, describeError(ctx, "querying "+server, err)
	}
	name, kind := q.message.Question[0].Name, q.message.Question[0].Qtype
	shown, server := sanitize(name, maxHostShown), sanitize(server, maxHostShown)
	switch reply.Rcode {
	case dns.RcodeSuccess:
	case dns.RcodeNameError:
		return collect.Report{}, fmt.Errorf("no such name: %s (NXDOMAIN)", shown)
	default:
		return collect.Report{}, fmt.Errorf("%s returned %s for %s", server, rcode(reply.Rcode), shown)
	}
	answers := records(reply.Answer, name, kind)
	if len(answers) == 0 {
		return collect.Report{}, fmt.Errorf("no %s record of %s", dns.TypeToString[kind], shown)
	}
	var f collect.MetricBuilder
	f.Double("tt_resolve", toMilliseconds(took), "milliseconds")
	f.Text("answer", joinRecords(answers))
	addUint32(&f, "count", int64(len(answers)), "count")
	return collect.Report{Metrics: f.Metrics}, nil
}

// rcode returns the name of a reply's code (IANA's DNS RCODEs).
func rcode(code int) string {
	if name, ok := dns.RcodeToString[code]; ok {
		return name
	}
	return fmt.Sprintf("code %d", code)
}

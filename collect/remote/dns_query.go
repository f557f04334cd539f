package remote

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"

	"virgo/collect"
	"virgo/schedule"
	"virgo/schedule/policy"
)

const (
	dnsPort = "53"
	// maxServers is how many servers of resolv.conf are queried (MAXNS of resolv.conf(5)).
	maxServers = 3
	// udpBytes is the largest reply requested over UDP, which is not fragmented (DNS flag day
	// 2020).
	udpBytes = 1232
)

// A dnsQuery is what the details of a remote.dns check describe.
type dnsQuery struct {
	message *dns.Msg
	servers []string      // host:port, at least one
	wait    time.Duration // for the reply to each attempt
	only    family
	// guard is that of the check; nil for the servers of resolv.conf, which the owner chose.
	guard *policy.Guard
}

func (c dnsCheck) read(check schedule.Check, g *policy.Guard) (q dnsQuery, err error) {
	kind, err := recordType(check.Details)
	if err != nil {
		return q, err
	}
	name, err := queryName(check.Details, kind)
	if err != nil {
		return q, err
	}
	q.wait = dnsTimeout
	q.message = new(dns.Msg).SetQuestion(name, kind).SetEdns0(udpBytes, false)
	if q.only, err = targetFamily(check.Details); err != nil {
		return q, err
	}
	if q.servers, err = c.namedServers(check); err != nil || q.servers != nil {
		q.guard = g
		return q, err
	}
	q.servers, err = c.systemServers()
	return q, err
}

// recordType reads the detail record_type.
func recordType(d schedule.Details) (uint16, error) {
	text, err := collect.OptionalText(d, "record_type")
	if err != nil || text == "" {
		return dns.TypeA, err
	}
	name := strings.ToUpper(strings.TrimSpace(text))
	if slices.Contains(recordTypes(), name) {
		return dns.StringToType[name], nil
	}
	return 0, wrongDetail("record_type", text, "one of "+strings.Join(recordTypes(), ", "))
}

// recordTypes returns the valid values of the detail record_type.
func recordTypes() []string {
	return []string{"A", "AAAA", "CAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"}
}

// queryName returns the fully qualified name to look up; search domains are not used.
func queryName(d schedule.Details, kind uint16) (string, error) {
	text, err := collect.RequiredText(d, "query")
	if err != nil {
		return "", err
	}
	if _, err := netip.ParseAddr(text); err == nil && kind == dns.TypePTR {
		return dns.ReverseAddr(text)
	}
	name := strings.TrimSpace(text)
	if name != "." {
		if name, err = asciiHost("query", strings.TrimSuffix(name, ".")); err != nil {
			return "", err
		}
	}
	if _, ok := dns.IsDomainName(name); !ok || name == "" {
		return "", wrongDetail("query", text, "a domain name")
	}
	return dns.Fqdn(name), nil
}

// namedServers returns the server that the check names; nil: none.
func (c dnsCheck) namedServers(check schedule.Check) ([]string, error) {
	text, err := collect.OptionalText(check.Details, "server")
	if err != nil {
		return nil, err
	}
	host, err := target(check)
	if err != nil {
		return nil, err
	}
	if text != "" {
		server, err := serverAddress(text)
		return []string{server}, err
	}
	if host != "" {
		return []string{net.JoinHostPort(host, dnsPort)}, nil
	}
	return nil, nil
}

// systemServers returns those of resolv.conf, in their order.
func (c dnsCheck) systemServers() ([]string, error) {
	file, err := os.Open(c.configuration)
	if err != nil {
		return nil, fmt.Errorf("no detail %q, and the system's name servers are unknown: %w", "server", err)
	}
	defer file.Close()
	system, err := dns.ClientConfigFromReader(file)
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", c.configuration, err)
	}
	servers := slices.DeleteFunc(system.Servers, func(s string) bool {
		_, err := netip.ParseAddr(s)
		return err != nil
	})
	if len(servers) == 0 {
		servers = []string{"127.0.0.1"} // the default of resolv.conf(5)
	}
	servers = servers[:min(len(servers), maxServers)]
	for i, s := range servers {
		servers[i] = net.JoinHostPort(s, dnsPort)
	}
	return servers, nil
}

// serverAddress parses a host or host:port into host:port.
func serverAddress(text string) (string, error) {
	hostText, port, err := net.SplitHostPort(text)
	if err != nil {
		hostText, port = text, dnsPort
	}
	host, err := asciiHost("server", hostText)
	if err != nil {
		return "", err
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n < 1 || host == "" {
		return "", wrongDetail("server", text, "a host or host:port")
	}
	return net.JoinHostPort(host, port), nil
}

package network

import (
	"context"
	"strconv"
	"strings"

	"virgo/collect/hostinfo/redact"
	"virgo/collect/hostinfo/source"
)

// A packetRule is a rule or a chain of a packet filter, as iptables-save(8) prints it.
type packetRule struct {
	Table   string `json:"table" doc:"filter, nat, mangle, raw or security"`
	Type    string `json:"type" doc:"-P the policy of a built-in chain, -N a chain of the owner's, -A a rule"`
	Chain   string `json:"chain" doc:"the chain it belongs to"`
	Policy  string `json:"policy" doc:"-P: ACCEPT or DROP; -A: the rule, its chain first; -N: empty"`
	Packets uint64 `json:"packets" doc:"packets that matched it"`
	Bytes   uint64 `json:"bytes" doc:"bytes of those packets"`
}

func iptablesType() source.Type  { return packetFilterType("iptables", "IPv4") }
func ip6tablesType() source.Type { return packetFilterType("ip6tables", "IPv6") }

func packetFilterType(name, family string) source.Type {
	return source.Type{
		Name:    name,
		Summary: "rules of the " + family + " packet filter",
		Systems: []string{"linux"},
		Shape:   []packetRule{},
		Read: func(ctx context.Context, h *source.Host) (any, error) {
			var problems source.Problems
			out, err := h.Run(ctx, name+"-save", "-c")
			problems.Add(err)
			return source.NonNil(parsePacketRules(out, h.Arguments)), problems.Err()
		},
	}
}

// parsePacketRules parses what iptables-save -c prints: "*table", ":CHAIN POLICY [packets:bytes]",
// "[packets:bytes] -A CHAIN …", "COMMIT".
func parsePacketRules(b []byte, show redact.Arguments) []packetRule {
	var all []packetRule
	table := ""
	for line := range strings.Lines(string(b)) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "*"):
			table = line[1:]
		case strings.HasPrefix(line, ":"):
			words := strings.Fields(line[1:])
			if len(words) < 2 {
				continue
			}
			r := packetRule{Table: table, Type: "-P", Chain: words[0], Policy: words[1]}
			if r.Policy == "-" {
				r.Type, r.Policy = "-N", ""
			}
			if len(words) > 2 {
				r.Packets, r.Bytes = packetCounts(words[2])
			}
			all = append(all, r)
		default:
			counts, rest := "", line
			if strings.HasPrefix(line, "[") {
				counts, rest, _ = strings.Cut(line, " ")
			}
			rest, ok := strings.CutPrefix(rest, "-A ")
			if !ok {
				continue
			}
			chain, _, _ := strings.Cut(rest, " ")
			r := packetRule{Table: table, Type: "-A", Chain: chain, Policy: showRule(redact.Truncate(rest, redact.MaxExcerpt), show)}
			r.Packets, r.Bytes = packetCounts(counts)
			all = append(all, r)
		}
	}
	return all
}

// showRule shows a rule without its texts, which may be anything: comments, strings that packets have,
// prefixes of log lines.
func showRule(rule string, show redact.Arguments) string {
	if show.Full {
		return rule
	}
	var shown []string
	option := ""
	for rule = strings.TrimLeft(rule, " "); rule != ""; rule = strings.TrimLeft(rule, " ") {
		word, quoted := rule, rule[0] == '"'
		if quoted {
			if end := strings.IndexByte(rule[1:], '"'); end >= 0 {
				word = rule[:end+2]
			}
		} else if end := strings.IndexByte(rule, ' '); end >= 0 {
			word = rule[:end]
		}
		rule = rule[len(word):]
		switch {
		case quoted || isTextOption(option):
			shown = append(shown, redact.Omitted)
		case option == "-i" || option == "-o": // systemd's names of interfaces look random: enp0s31f6
			shown = append(shown, word[:min(len(word), maxInterfaceName)])
		default:
			shown = append(shown, redact.Value("", word))
		}
		option = word
	}
	return strings.Join(shown, " ")
}

// maxInterfaceName is the length of the longest name of an interface (IFNAMSIZ).
const maxInterfaceName = 16

// isTextOption reports whether the word after an option is a text of the owner's.
func isTextOption(option string) bool {
	switch option {
	case "--comment", "--string", "--hex-string", "--log-prefix", "--nflog-prefix", "--ulog-prefix", "--id", "--name":
		return true
	}
	return false
}

// packetCounts parses "[packets:bytes]".
func packetCounts(s string) (packets, bytes uint64) {
	p, b, _ := strings.Cut(strings.Trim(s, "[]"), ":")
	packets, _ = strconv.ParseUint(p, 10, 64)
	bytes, _ = strconv.ParseUint(b, 10, 64)
	return packets, bytes
}

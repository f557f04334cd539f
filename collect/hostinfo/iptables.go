package hostinfo

import (
	"context"
	"strconv"
	"strings"
)

// A packetRule is one of a packet filter's, as iptables-save(8) prints it.
type packetRule struct {
	Table   string `json:"table" doc:"filter, nat, mangle, raw or security"`
	Type    string `json:"type" doc:"-P the policy of a chain, -N a chain of the owner's, -A a rule"`
	Chain   string `json:"chain" doc:"the chain it belongs to"`
	Policy  string `json:"policy" doc:"of -P: ACCEPT, DROP; of -A: the rule, its chain first; of -N empty"`
	Packets uint64 `json:"packets" doc:"packets that met it"`
	Bytes   uint64 `json:"bytes" doc:"bytes of those packets"`
}

func iptablesType() Type  { return packetFilter("iptables", "IPv4") }
func ip6tablesType() Type { return packetFilter("ip6tables", "IPv6") }

func packetFilter(name, family string) Type {
	return Type{
		Name:    name,
		Summary: "rules of the " + family + " packet filter",
		Systems: []string{"linux"},
		Shape:   []packetRule{},
		Read: func(ctx context.Context, h *Host) (any, error) {
			var f faults
			out, err := h.output(ctx, name+"-save", "-c")
			f.add(err)
			return told(parsePacketRules(out)), f.err()
		},
	}
}

// parsePacketRules reads what iptables-save -c prints: "*table", ":CHAIN POLICY [packets:bytes]",
// "[packets:bytes] -A CHAIN …", "COMMIT".
func parsePacketRules(b []byte) []packetRule {
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
			r := packetRule{Table: table, Type: "-A", Chain: chain, Policy: plainText(rest)}
			r.Packets, r.Bytes = packetCounts(counts)
			all = append(all, r)
		}
	}
	return all
}

// packetCounts reads "[packets:bytes]".
func packetCounts(s string) (packets, bytes uint64) {
	p, b, _ := strings.Cut(strings.Trim(s, "[]"), ":")
	packets, _ = strconv.ParseUint(p, 10, 64)
	bytes, _ = strconv.ParseUint(b, 10, 64)
	return packets, bytes
}

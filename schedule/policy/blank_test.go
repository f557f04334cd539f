package policy

import (
	"net/netip"
	"testing"
)

// A host of blanks, brackets or a dot alone is no name: programs that cut these off connect to this host
// instead. It must be neither absent to the rules nor past those that deny.
func TestEndpointCannotHideHosts(t *testing.T) {
	for _, host := range []string{" ", `\t`, "[]", " [] "} {
		testVerdicts(t, "remote: {checks: [{type: agent.redis, host: [localhost, 127.0.0.1, '::1'], deny: true}, all]}\n", []verdictCase{
			{`{"type":"agent.redis","details":{"host":"` + host + `"}}`, `agent.redis host`},
		})
		testVerdicts(t, "remote: {checks: [{type: agent.mysql, mycnf: /root/.my.cnf}]}\n", []verdictCase{
			{`{"type":"agent.mysql","details":{"mycnf":"/root/.my.cnf","host":"` + host + `"}}`, `agent.mysql host`},
		})
		testVerdicts(t, "remote: {checks: [{type: remote.dns, query: any}]}\n", []verdictCase{
			{`{"type":"remote.dns","details":{"query":"a.example","server":"` + host + `"}}`, `remote.dns server`},
		})
		testVerdicts(t, "remote: {checks: [{type: remote.tcp, target: any, port: any}]}\n", []verdictCase{
			{`{"type":"remote.tcp","details":{"target":"` + host + `","port":80}}`, `remote.tcp target`},
		})
	}
}

// The kernel connects to this host where the address is unspecified.
func TestEndpointCannotEvadeDenialByUnspecifiedAddress(t *testing.T) {
	const policy = `
remote:
  checks:
    - {type: remote.tcp, target: ['127.*.*.*', '::1'], deny: true}
    - {type: remote.http, url: 'http://127.0.0.1:6379/**', deny: true}
    - {type: remote.tcp, target: any, port: any, send_body: any}
    - all
`
	testVerdicts(t, policy, []verdictCase{{`{"type":"remote.dns","details":{"query":"."}}`, ""}}) // the root has a name
	for _, text := range []string{"0.0.0.0", "::", "::ffff:0.0.0.0", "::ffff:127.0.0.1"} {
		address := netip.AddrPortFrom(netip.MustParseAddr(text), 6379)
		for host, details := range map[string]string{
			"evil.example": `{"type":"remote.tcp","details":{"target":"evil.example","port":6379}}`,
			"www.example":  `{"type":"remote.http","details":{"url":"http://www.example:6379/x"}}`,
		} {
			if err := guard(t, policy, details).Dial("tcp", host, address); err == nil {
				t.Errorf("%s as %s is dialled", host, text)
			}
		}
	}
}

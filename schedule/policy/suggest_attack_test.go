package policy

import "testing"

// An owner pastes what is suggested. What the endpoint sent must not make it wider than it looks, nor a
// rule that does something else.
func TestEndpointCannotWidenSuggestions(t *testing.T) {
	const other = `{"type":"remote.http","details":{"url":"http://10.0.0.1/other"}}`
	for _, text := range []string{
		`http://10.0.0.1/**`, `http://10.0.0.1/%2a%2a`, `http://10.0.0.1/%252a%252a`, `http://10.0.0.1/%25252a%25252a`, `http://10.*.*.*/other`,
		`http://**/other`, `http://10.0.0.1/oth%25%32%41`, `http://10.0.0.1/x?**`, `http://10.0.0.1/x%3f**`, `http://10.0.0.1/%2523`,
	} {
		sent := `{"type":"remote.http","details":{"url":"` + text + `"}}`
		rule, ok := Suggest(effective(t, sent))
		if !ok {
			continue
		}
		p := parsePolicy(t, "remote: {checks: ["+rule.String()+"]}\n")
		if v := decide(t, p, sent); !v.Allowed {
			t.Errorf("%s: %s does not allow it", text, rule.String())
		}
		for _, wide := range []string{other, `{"type":"remote.http","details":{"url":"http://10.0.0.1/x?y"}}`} {
			if v := decide(t, p, wide); v.Allowed {
				t.Errorf("%s: %s allows %s", text, rule.String(), wide)
			}
		}
	}
	if rule, ok := Suggest(effective(t, `{"type":"remote.http","details":{"url":"http://10.0.0.1/","headers":{"*":"x"}}}`)); ok {
		t.Errorf("suggested %s", rule.String())
	}
	for _, detail := range []string{`"deny":true`, `"deny":"x"`, `"type":"agent.file"`, `"type":"**"`} {
		if rule, ok := Suggest(effective(t, `{"type":"agent.plugin","details":{"file":"x",`+detail+`}}`)); ok {
			t.Errorf("%s: suggested %s", detail, rule.String())
		}
	}
}

package policy

import "testing"

// Nothing that an owner can write into a rule lets an endpoint have a password sent in clear.
func TestEndpointCannotAllowCleartext(t *testing.T) {
	for _, remote := range []string{
		"remote:\n  checks: [all]\n",
		"remote:\n  checks:\n    - type: agent.mysql\n      host: any\n      password: any\n      allow_cleartext: any\n",
	} {
		p := parsePolicy(t, remote)
		for details, want := range map[string]bool{
			`{"host":"db","password":"x"}`:                             true,
			`{"host":"db","password":"x","allow_cleartext":false}`:     true,
			`{"host":"db","password":"x","allow_cleartext":null}`:      true,
			`{"host":"db","password":"x","allow_cleartext":true}`:      false,
			`{"host":"db","password":"x","allow_cleartext":"yes"}`:     false,
			`{"host":"db","password":"x","allow_cleartext":"perhaps"}`: false,
			`{"host":"db","password":"x","allow_cleartext":[true]}`:    false,
		} {
			v := decide(t, p, `{"type":"agent.mysql","details":`+details+`}`)
			if v.Allowed != want {
				t.Errorf("%s with %s: allowed %v, %v", remote, details, v.Allowed, v.Refusal)
			}
		}
	}
}

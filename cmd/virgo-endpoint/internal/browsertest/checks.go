package browsertest

import _ "embed"

//go:embed checks.js
var checks string

// Check fails the test for what no page may have: something outside of the window, text that can hardly be read, tables and
// fields that a screen reader cannot name.
func (p *Page) Check() {
	p.t.Helper()
	for _, fault := range Eval[[]string](p, checks) {
		p.t.Errorf("%s", fault)
	}
}

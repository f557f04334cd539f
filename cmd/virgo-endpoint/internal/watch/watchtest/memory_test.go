package watchtest

import "testing"

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Opener {
		m := &Memory{Now: Now}
		return func(*testing.T) Store { return m }
	})
}

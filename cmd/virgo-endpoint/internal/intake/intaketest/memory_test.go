package intaketest

import "testing"

func TestMemory(t *testing.T) {
	Run(t, func(*testing.T) Opener {
		m := &Memory{}
		return func(*testing.T) Store { return m }
	})
}

package spool

import (
	"context"
	"errors"
	"testing"
)

func TestUnreachable(t *testing.T) {
	gone := errors.New("the disk is gone")
	s := Unreachable(gone)
	never := func(*Tx) error { t.Error("it ran"); return nil }
	if err := s.Update(context.Background(), never); !errors.Is(err, gone) {
		t.Errorf("Update: %v", err)
	}
	if err := s.View(context.Background(), never); !errors.Is(err, gone) {
		t.Errorf("View: %v", err)
	}
	if err := s.Settle(context.Background(), []Outcome{{Seq: 1}}, nil); !errors.Is(err, gone) {
		t.Errorf("Settle: %v", err)
	}
	if release, ok, err := s.TryDeliver(); release != nil || ok || !errors.Is(err, gone) {
		t.Errorf("TryDeliver: %v, %v", ok, err)
	}
	if _, err := s.Stats(context.Background()); !errors.Is(err, gone) {
		t.Errorf("Stats: %v", err)
	}
}

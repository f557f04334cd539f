package main

import (
	"errors"
	"slices"
	"testing"
	"time"
)

func TestOrderIsFair(t *testing.T) {
	for n := 1; n <= 4; n++ {
		places := make([]int, n) // the sum of each contender's places
		first := make([]int, n)
		for turn := range 2 * n {
			list := order(turn, n)
			first[list[0]]++
			for place, i := range list {
				places[i] += place
			}
		}
		for i := range n {
			if first[i] != 2 || places[i] != places[0] {
				t.Errorf("%d contenders: %d was first in %d turns, places %v", n, i, first[i], places)
			}
		}
	}
	if a, b := order(0, 3), order(1, 3); !slices.Equal(a, []int{0, 1, 2}) || !slices.Equal(b, []int{2, 1, 0}) {
		t.Errorf("the first two turns: %v, %v", a, b)
	}
}

func TestTurns(t *testing.T) {
	b := &bench{ctx: t.Context(), cli: &runsCmd{Runs: 3}}
	var n time.Duration
	count := contender{run: func() (sample, error) { n++; return sample{Wall: n}, nil }}
	all, err := b.turns(count, count)
	if err != nil || len(all) != 2 || len(all[0]) != 3 || len(all[1]) != 3 {
		t.Fatalf("%v, %v", all, err)
	}
	// The third turn, which begins with the second contender, is the first that is measured.
	if all[1][0].Wall != 5 || all[0][0].Wall != 6 {
		t.Errorf("%v", all)
	}
	failed := errors.New("failed")
	fail := contender{run: func() (sample, error) { return sample{}, failed }}
	if _, err := b.turns(count, fail); !errors.Is(err, failed) {
		t.Errorf("%v, want %v", err, failed)
	}
}
